resource "ses_identity_mail_from" "example" {
  identity               = "example.com"
  mail_from_domain       = "bounce.example.com"
  behavior_on_mx_failure = "RejectMessage"
}

# The two records to publish, for any DNS provider. They are known at plan, so
# that they can feed a for_each.
output "dns_records" {
  value = ses_identity_mail_from.example.dns_records
}
