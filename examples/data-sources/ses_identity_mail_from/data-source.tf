data "ses_identity_mail_from" "example" {
  identity  = "example.com"
  dns_check = true
}

# Each plan and apply warns where it is not verified, or SPF fails.
check "mail_from" {
  assert {
    condition     = data.ses_identity_mail_from.example.verification_status == "Success"
    error_message = "SES has not verified the MAIL FROM domain of example.com."
  }
  assert {
    condition     = try(data.ses_identity_mail_from.example.dns.spf.status, null) == "ok"
    error_message = "The SPF record of the MAIL FROM domain is not as it should be."
  }
}
