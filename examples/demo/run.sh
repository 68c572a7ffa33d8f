#!/usr/bin/env bash
# The life of a MAIL FROM domain, with a real Terraform, against a simulated SES
# and a simulated DNS on loopback. Fails if a step does not show what it says.
#
# Usage: examples/demo/run.sh DIRECTORY-OF-THE-BUILT-PROGRAMS
set -euo pipefail

programs=$(cd -- "${1:-target/debug}" && pwd)
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
terraform=$(command -v terraform) || {
    echo "The demo needs terraform on PATH: https://developer.hashicorp.com/terraform/install" >&2
    exit 1
}

work=$(mktemp -d)
simulator=
finish() {
    if [ -n "$simulator" ]; then
        kill "$simulator" 2>/dev/null || true
        wait "$simulator" 2>/dev/null || true
    fi
    rm -rf -- "$work"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- What the steps are told with -------------------------------------------

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi

step=0
headline() {
    step=$((step + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$step" "$1" "$plain"
}

say() {
    printf '   %s\n' "$@"
}

fail() {
    printf '\nThe demo failed: %s\n' "$1" >&2
    exit 1
}

# Indents, and leaves out empty lines and what Terraform says every time.
show() {
    sed -E \
        -e '/^Terraform used the selected providers/,/^$/d' \
        -e '/^Saved the plan to:/,$d' \
        -e '/^(Terraform will perform the following|─|[[:space:]]*$)/d' \
        -e 's/^/   | /'
}

# Shows no more than what came of it.
show_outcome() {
    grep -E '^(- Installed|Terraform has been|ses_identity|Plan:|Destroy complete)' | show
}

# Terraform with an environment of its own: nothing of the caller's settings,
# credentials and home folder gets in, nothing gets out. The provider comes from
# a local mirror, as it would from a registry.
terraform() {
    (cd -- "$work/configuration" && env -i \
        PATH="$PATH" HOME="$work" TMPDIR="$work" AWS_EC2_METADATA_DISABLED=true \
        TF_CLI_CONFIG_FILE="$work/terraform.rc" TF_DATA_DIR="$work/data" \
        TF_VAR_ses_endpoint="$ses" TF_VAR_nameserver="$dns" \
        "$terraform" "$@")
}

# `expect STATUS NAME FILTER ARGUMENT...` runs `terraform ARGUMENT...`, keeps what
# it prints in the file NAME and shows it through FILTER. Fails, and shows all of
# it, unless Terraform exits with STATUS.
expect() {
    local wanted=$1 output=$work/$2 filter=$3 status=0
    shift 3
    say "\$ terraform $*"
    terraform "$1" -no-color -input=false "${@:2}" >"$output" 2>&1 || status=$?
    if [ "$status" -ne "$wanted" ]; then
        cat -- "$output"
        fail "terraform $1 exited with $status, not $wanted"
    fi
    "$filter" <"$output"
}

# `holds NAME TEXT`: what was kept as NAME must hold TEXT.
holds() {
    grep -qF -- "$2" "$work/$1" || fail "Terraform did not show: $2"
}

# The value of a string expression, from the state.
value() {
    terraform console <<<"$1" | tr -d '"'
}

# `is ATTRIBUTE VALUE` shows an attribute from the state; fails if it is another.
is() {
    local found
    found=$(value "ses_identity_mail_from.example.$1")
    say "$1 = \"$found\""
    [ "$found" = "$2" ] || fail "$1 is \"$found\", not \"$2\""
}

# Sends a request to the simulator's control routes; keeps the answer.
call() {
    "$programs/simulator" call "$ses" "$@" >"$work/answer"
}

# `ses_holds TEXT`: the simulated SES must hold TEXT.
ses_holds() {
    call GET state
    grep -qF -- "$1" "$work/answer" || fail "SES does not hold $1"
}

# --- The scene ---------------------------------------------------------------

printf '%sThe life of a MAIL FROM domain%s\n' "$bold" "$plain"
say "Terraform, and this provider from a local mirror, against a simulated Amazon SES" \
    "and a simulated DNS on this machine: no AWS account, no network."

# One request a second, as SES allows; an hour of SES's search for DNS records
# passes in a second.
"$programs/simulator" --clock-speed 3600 --identity example.com >"$work/addresses" &
simulator=$!
for _ in {1..100}; do
    [ ! -s "$work/addresses" ] || break
    kill -0 "$simulator" 2>/dev/null || fail "the simulator did not start"
    sleep 0.1
done
ses=$(sed -E 's/.*"ses":"([^"]*)".*/\1/' "$work/addresses")
dns=$(sed -E 's/.*"dns":"([^"]*)".*/\1/' "$work/addresses")
[ -n "$ses" ] && [ -n "$dns" ] || fail "the simulator did not say where it listens"

version=$("$programs/terraform-provider-ses" --version)
version=${version##* }
mkdir "$work/configuration" "$work/data"
cat >"$work/terraform.rc" <<RC
disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
RC
platform=$(terraform version | sed -n 's/^on //p')
package=$work/mirror/registry.terraform.io/terraform-provider-ses/ses/$version/$platform
mkdir -p "$package"
cp -- "$programs/terraform-provider-ses" "$package/terraform-provider-ses_v$version"
cp -- "$here/main.tf" "$work/configuration/"

# --- The steps ---------------------------------------------------------------

headline "The configuration"
say "SES has verified the domain example.com. Its mail is to go out with a MAIL FROM" \
    "domain of its own, and to be refused while that is not set up in DNS:"
sed -n '/^resource/,/^}/p' "$here/main.tf" | show
expect 0 init show_outcome init

headline "The plan names the DNS records that are needed, before anything exists"
expect 2 plan show plan -detailed-exitcode -out=create.tfplan
holds plan '"10 feedback-smtp.us-east-1.amazonses.com"'
holds plan '"v=spf1 include:amazonses.com ~all"'
holds plan "1 to add, 0 to change, 0 to destroy"

headline "Apply sets the MAIL FROM domain; SES begins to look for the records: Pending"
expect 0 apply show apply create.tfplan
ses_holds '"mail_from_domain":"bounce.example.com"'
is verification_status Pending

headline "Pending is no drift, so the plan is empty; but it warns of what is missing"
expect 0 pending show plan -detailed-exitcode
holds pending "No changes."
holds pending "MX record of a MAIL FROM domain is missing"
holds pending "SPF record of a MAIL FROM domain is missing"

headline "The records are published in DNS, and SES finds them: Success"
for i in 0 1; do
    record="ses_identity_mail_from.example.dns_records[$i]"
    read -r name type data <<<"$(value "join(\" \", [$record.name, $record.type, $record.rdata])")"
    call PUT dns/records "{\"name\":\"$name\",\"type\":\"$type\",\"records\":[\"$data\"]}"
    say "published: $name $type $data"
done
for _ in {1..50}; do
    call GET state
    ! grep -qF '"status":"Success"' "$work/answer" || break
    sleep 0.2
done
expect 0 success show apply -refresh-only -auto-approve
is verification_status Success
is dns.mx.status ok
is dns.spf.status ok

headline "Somebody changes the domain behind Terraform's back; the plan tells"
drift='{"identity":"example.com","mail_from_domain":"mail.example.com","behavior":"UseDefaultValue"}'
call PUT mail_from "$drift"
expect 2 drift show plan -detailed-exitcode -out=repair.tfplan
holds drift '"mail.example.com" -> "bounce.example.com"'
holds drift '"UseDefaultValue" -> "RejectMessage"'
holds drift "0 to add, 1 to change, 0 to destroy"

headline "Apply repairs it, and the next plan is empty"
expect 0 repaired show apply repair.tfplan
holds repaired "0 added, 1 changed, 0 destroyed"
ses_holds '"mail_from_domain":"bounce.example.com"'
expect 0 empty show plan -detailed-exitcode
holds empty "No changes."

headline "Destroy leaves the identity as it was before"
expect 0 destroy show_outcome destroy -auto-approve
holds destroy "Destroy complete! Resources: 1 destroyed."
ses_holds '"mail_from_domain":null'

printf '\n%sThat was all.%s The simulator has ended, its files are removed.\n' "$bold" "$plain"
