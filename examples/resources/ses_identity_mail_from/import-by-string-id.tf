import {
  to = ses_identity_mail_from.example
  id = "example.com"
}
