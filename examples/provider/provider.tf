terraform {
  required_providers {
    ses = {
      source = "terraform-provider-ses/ses"
    }
  }
}

# Credentials come from where hashicorp/aws finds them.
provider "ses" {
  region = "eu-west-1"
}
