//! Amazon SES's MAIL FROM API and an authoritative DNS server, on loopback.
