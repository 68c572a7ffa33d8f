# `terraform query` lists what SES has; with `-generate-config-out=found.tf` it writes a
# resource and an import block for each.
list "ses_identity_mail_from" "example" {
  provider         = ses
  include_resource = true
  limit            = 1000

  config {
    kind       = "Domain"
    name_regex = "(^|\\.)example\\.com$"
  }
}
