# Text to hand to whoever holds the zone.
output "zone_file" {
  value = provider::ses::mail_from_zone_file("bounce.example.com", "eu-west-1")
}

# bounce.example.com. 600 IN MX 10 feedback-smtp.eu-west-1.amazonses.com.
# bounce.example.com. 600 IN TXT "v=spf1 include:amazonses.com ~all"
