# Waits until SES has found the records. Name in depends_on what publishes them,
# and let what must not be sent too early depend on this resource.
resource "ses_identity_mail_from_verification" "example" {
  identity         = ses_identity_mail_from.example.identity
  mail_from_domain = ses_identity_mail_from.example.mail_from_domain

  timeouts {
    create = "45m"
  }
}
