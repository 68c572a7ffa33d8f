data "ses_identities_mail_from" "all" {
  mail_from_set = true
  dns_check     = true
}

# Each plan and apply warns of the MAIL FROM domains that do not work, whoever manages them.
check "fleet" {
  assert {
    condition = alltrue([
      for one in data.ses_identities_mail_from.all.identities : one.verification_status == "Success"
    ])
    error_message = format("SES has not verified the MAIL FROM domain of %s.", join(", ", [
      for one in data.ses_identities_mail_from.all.identities : one.identity
      if one.verification_status != "Success"
    ]))
  }

  assert {
    condition = alltrue([
      for one in data.ses_identities_mail_from.all.identities : one.dns.spf.status == "ok"
    ])
    error_message = format("The SPF record is not as it should be for %s.", join(", ", [
      for one in data.ses_identities_mail_from.all.identities : one.identity
      if one.dns.spf.status != "ok"
    ]))
  }
}
