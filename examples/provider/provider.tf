terraform {
  required_providers {
    ses = {
      source = "terraform-provider-ses/ses"
    }
  }
}

# Credentials come from where the AWS command line finds them.
provider "ses" {
  region = "eu-west-1"
}
