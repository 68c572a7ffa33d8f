"""Asks pyspf for the result of each MAIL FROM domain and sender's address.

Arguments: the port of a name server on loopback. On stdin, a line for each
question: the domain, a space, an IPv4 address. On stdout, a line for each answer.
"""

import sys

import dns.resolver
import spf

resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers = ["127.0.0.1"]
resolver.port = int(sys.argv[1])
dns.resolver.default_resolver = resolver

for line in sys.stdin:
    domain, address = line.split()
    result, _ = spf.check2(i=address, s="bounce@" + domain, h="mail.example")
    print(result)
