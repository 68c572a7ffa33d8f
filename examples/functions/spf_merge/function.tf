# The SPF record of a domain from which another service sends as well.
output "spf" {
  value = provider::ses::spf_merge("v=spf1 mx include:_spf.example.net -all")
}

# "v=spf1 mx include:_spf.example.net include:amazonses.com -all"
