# DNS in a configuration of its own, which another one's SES looks for.
output "records" {
  value = {
    for record in provider::ses::mail_from_dns_records("bounce.example.com", "eu-west-1") :
    record.type => "${record.name} ${record.rdata}"
  }
}

# {
#   "MX"  = "bounce.example.com 10 feedback-smtp.eu-west-1.amazonses.com"
#   "TXT" = "bounce.example.com v=spf1 include:amazonses.com ~all"
# }
