//! What is told about a Set that was sent, about an unset, and about an import
//! that has found nothing.

use tf_provider::{AttributePath, Diagnostic, Diagnostics};

use super::cut_over::Amiss;
use super::plan::{GivenUp, Plan};
use super::validate::Meaning;
use crate::diagnostics::{diagnostic, explain, ses as ses_failed, warn};
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Finding, Place, VerificationStatus};
use crate::plugin::{NothingChanged, Told};
use crate::ses::{MailFrom, Set, Setting, Unset};
use crate::target::Target;

/// Tells what became of a Set of `domain`, and returns the status for the state.
/// `creating`: an error would taint, so there is none once SES has accepted.
pub(super) fn set(
    diags: &mut Diagnostics,
    target: &Target,
    domain: &DomainName,
    set: Set,
    creating: bool,
) -> Result<String, NothingChanged> {
    let place = &target.place;
    let status = match set {
        Set::Shown(status) => return Ok(status.as_str().to_owned()),
        Set::NotMade(error) => {
            diags.add_error(ses_failed(target.doing(), &error));
            return Err(NothingChanged);
        }
        Set::NotShown(unread) => {
            let reason = unread.as_ref().map_or_else(
                || "SES does not show the new setting yet.".to_owned(),
                explain,
            );
            diags.add_warning(diagnostic(
                "MAIL FROM domain set, its status not read yet",
                format!(
                    "SES has accepted {domain} as the MAIL FROM domain of {place}, but its status \
                     could not be read: {reason}\n\nThe state says Pending; the next plan reads \
                     it again."
                ),
                AttributePath::new("verification_status"),
            ));
            VerificationStatus::Pending
        }
        Set::Overtaken => {
            diags.add_warning(diagnostic(
                "MAIL FROM domain set, and SES shows something else",
                format!(
                    "SES has accepted {domain} as the MAIL FROM domain of {place}, and shows \
                     something else: another resource of the same identity has set it since, \
                     somebody beside Terraform has, or SES is slow to show it. The state says \
                     Pending; the next plan reads what SES holds."
                ),
                AttributePath::new("mail_from_domain"),
            ));
            VerificationStatus::Pending
        }
        Set::InDoubt(error) => {
            diags.add_error(diagnostic(
                target.doing(),
                format!(
                    "{}\n\nSES may have made the change all the same, so it is kept in the \
                     state; the next plan reads what SES holds.",
                    explain(&error)
                ),
                AttributePath::root(),
            ));
            VerificationStatus::Pending
        }
        Set::NotRestarted(error) => {
            diags.add_warning(diagnostic(
                "Verification of a MAIL FROM domain not started again",
                format!(
                    "SES has accepted {domain} as the MAIL FROM domain of {place}, but goes on to \
                     say Failed, and to unset it first was not possible. The next apply tries \
                     again.\n\n{}",
                    explain(&error)
                ),
                AttributePath::new("verification_status"),
            ));
            VerificationStatus::Failed
        }
        Set::Off { error, certain } => {
            let told = left_off(place, domain, &explain(&error), certain);
            if creating {
                diags.add_warning(told);
            } else {
                diags.add_error(told);
            }
            // Whoever plans from this without a refresh sets it again, too.
            VerificationStatus::Failed
        }
    };
    Ok(status.as_str().to_owned())
}

fn left_off(place: &Place, domain: &DomainName, reason: &str, certain: bool) -> Diagnostic {
    let is = if certain { "is" } else { "may be" };
    diagnostic(
        format!("MAIL FROM of {} {is} off", place.identity),
        format!(
            "To start its failed verification again, {domain} was unset as the MAIL FROM domain \
             of {place}, and could not be set again: mail goes out under a domain of Amazon's \
             until it is. The next apply sets it.\n\n{reason}"
        ),
        AttributePath::root(),
    )
}

/// Tells what became of an unset. An error keeps the object in the state.
pub(super) fn unset(diags: &mut Diagnostics, target: &Target, unset: Unset) -> Result<(), Told> {
    let place = &target.place;
    match unset {
        Unset::Done => Ok(()),
        Unset::LeftToSibling => {
            diags.add_warning(left_to_sibling(place));
            Ok(())
        }
        Unset::LeftToOther => {
            diags.add_warning(left_to_other(place));
            Ok(())
        }
        Unset::SiblingUnknown(reason) => {
            diags.add_error(sibling_unknown(target.doing(), place, &reason));
            Err(Told)
        }
        Unset::NotDone(error) => {
            diags.add_error(ses_failed(target.doing(), &error));
            Err(Told)
        }
    }
}

/// A delete that has changed nothing.
fn left_to_sibling(place: &Place) -> Diagnostic {
    diagnostic(
        "MAIL FROM domain left to another resource",
        format!(
            "Another resource sets the MAIL FROM domain of {place} with this apply, or keeps it, \
             so deleting this one has changed nothing in SES. This is how it should be when a \
             resource was renamed or is replaced with `create_before_destroy`; otherwise two \
             resources are configured for one identity, and one of them has to go."
        ),
        AttributePath::root(),
    )
}

/// A delete, planned elsewhere, of an object that has set something else than SES holds.
fn left_to_other(place: &Place) -> Diagnostic {
    diagnostic(
        "MAIL FROM domain left as it is",
        format!(
            "SES holds a MAIL FROM domain of {place} that this object has not set, so deleting it \
             has changed nothing in SES: another resource may have set it, as the one that \
             replaces this one does with `create_before_destroy`. (The delete was planned on \
             another machine, so what that plan keeps is not known here.) If nothing is to \
             remain, unset it in SES: `aws ses set-identity-mail-from-domain --region {} \
             --identity {}`.",
            place.region, place.identity
        ),
        AttributePath::root(),
    )
}

/// A delete that cannot be decided.
fn sibling_unknown(doing: &str, place: &Place, reason: &str) -> Diagnostic {
    diagnostic(
        doing,
        format!(
            "Another provider configuration sets the MAIL FROM domain of {place} with this apply, \
             or keeps it, with other credentials, and whether its account is this one is not \
             known: {reason}. Nothing was changed in SES, and the state keeps this object. If it \
             is the same account, remove the object from the state (`terraform state rm ADDRESS`): \
             the other resource goes on managing it. If it is another account, allow \
             `sts:GetCallerIdentity` and apply again; or, where the other account is not told \
             even so, as by OpenTofu, which does not start the other provider if it has nothing \
             to change, apply this destroy alone (`-target=ADDRESS`)."
        ),
        AttributePath::root(),
    )
}

/// An import of an identity without MAIL FROM domain.
pub(super) fn nothing_to_import(place: &Place, is_identity: bool) -> Diagnostic {
    let (problem, remedy) = if is_identity {
        (
            "has no custom MAIL FROM domain",
            "Without one there is nothing to import: leave the import out, and applying the \
             configuration sets it.",
        )
    } else {
        (
            "is not an identity that SES knows",
            "See that its name is written as in SES, and that region and account are those of the \
             identity: the id of an import may name the region, as in `example.com@eu-west-1`.",
        )
    };
    diagnostic(
        format!("MAIL FROM domain of {} cannot be imported", place.identity),
        format!("{place} {problem}. {remedy}"),
        AttributePath::root(),
    )
}

/// Another resource is planned to set the same identity otherwise.
pub(super) fn warn_of_rival(
    diags: &mut Diagnostics,
    place: &Place,
    setting: &Setting,
    rival: &Setting,
) {
    diags.add_warning(diagnostic(
        "Two resources set the MAIL FROM domain of one identity",
        format!(
            "This resource sets {} ({}) as the MAIL FROM domain of {place}, and another one of \
             this configuration sets {} ({}). SES holds one for an identity, so that each apply \
             undoes what the one before has made. Remove one of the two resources; what SES \
             holds for the other stays on.",
            setting.domain, setting.behavior, rival.domain, rival.behavior
        ),
        AttributePath::new("mail_from_domain"),
    ));
}

/// Warns of mail that SES refuses, or will refuse, where the cut-over would not have it so.
pub(super) fn warn_of_refused_mail(
    diags: &mut Diagnostics,
    place: &Place,
    domain: &DomainName,
    amiss: Amiss,
    mx: &Finding,
) {
    let advice = match amiss {
        Amiss::TooEarly => place.rejects_too_early(domain),
        Amiss::PendingAgain => place.pending_again(domain, mx),
    };
    warn(diags, advice, AttributePath::new("behavior_on_mx_failure"));
}

/// A behaviour that was to be sent, had SES still said Success.
pub(super) fn warn_of_late_cut_over(
    diags: &mut Diagnostics,
    place: &Place,
    setting: &Setting,
    wanted: BehaviorOnMxFailure,
    held: &MailFrom,
) {
    let Setting { domain, behavior } = setting;
    let shown = match held {
        MailFrom::Set(held) => format!("shows {} ({})", held.domain, held.status),
        MailFrom::Unset => "shows no MAIL FROM domain".to_owned(),
        MailFrom::UnknownIdentity => "does not know the identity".to_owned(),
    };
    diags.add_warning(diagnostic(
        format!("{wanted} waits until SES has verified a MAIL FROM domain"),
        format!(
            "SES said Success of {domain} for {place} when this change was planned, and {shown} \
             now. So that no mail is refused, it has got {behavior} until it says Success of \
             {domain}; a plan after that shows the change to {wanted} again."
        ),
        AttributePath::new("behavior_on_mx_failure"),
    ));
}

/// Says why a Set is planned where nothing is configured otherwise, or that
/// none is although SES has given up.
pub(super) fn warn_of_failed(diags: &mut Diagnostics, plan: &Plan, meaning: &Meaning) {
    let domain = meaning.names.mail_from_domain.as_ref();
    let (Some(given_up), Some(place), Some(domain)) = (plan.given_up, plan.place(meaning), domain)
    else {
        return;
    };
    let advice = match given_up {
        GivenUp::Restarted => place.to_be_restarted(domain),
        GivenUp::Left => place.left_failed(domain),
    };
    warn(diags, advice, AttributePath::new("verification_status"));
}
