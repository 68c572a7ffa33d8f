# What `make demo` applies, to the simulator. See run.sh.

terraform {
  required_providers {
    ses = {
      source = "terraform-provider-ses/ses"
    }
  }
}

variable "ses_endpoint" {
  description = "URL of the simulated SES."
  type        = string
}

variable "nameserver" {
  description = "The simulated name server, as ip:port."
  type        = string
}

provider "ses" {
  region = "us-east-1"

  # The simulator takes any keys.
  access_key = "demo"
  secret_key = "demo"

  endpoints {
    ses = var.ses_endpoint
  }

  dns {
    nameservers = [var.nameserver]
  }
}

resource "ses_identity_mail_from" "example" {
  identity               = "example.com"
  mail_from_domain       = "bounce.example.com"
  behavior_on_mx_failure = "RejectMessage"
}
