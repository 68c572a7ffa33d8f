import {
  to = ses_identity_mail_from.example

  identity = {
    identity = "example.com"
    region   = "eu-west-1"
  }
}
