# By identity, or by identity and region: example.com@eu-west-1
terraform import ses_identity_mail_from.example example.com
