package io.reflow.gateway.target;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// Which addresses targets may have: never those where a cloud tells machines its secrets, never
/// where the gateway itself listens or keeps its data, and private ones only where that is allowed.
public final class AddressRules {

  /// Where nothing is that anybody means to reach, or what nobody may reach through a gateway.
  private static final List<AddressBlock> ALWAYS =
      List.of(
          AddressBlock.of("0.0.0.0/8", "unspecified"),
          AddressBlock.of("169.254.0.0/16", "link-local"),
          AddressBlock.of("100.100.100.200/32", "cloud metadata"),
          AddressBlock.of("168.63.129.16/32", "cloud metadata"),
          AddressBlock.of("192.0.0.192/32", "cloud metadata"),
          AddressBlock.of("224.0.0.0/4", "multicast"),
          AddressBlock.of("255.255.255.255/32", "broadcast"),
          AddressBlock.of("::/128", "unspecified"),
          AddressBlock.of("fe80::/10", "link-local"),
          AddressBlock.of("fd00:ec2::/32", "cloud metadata"),
          AddressBlock.of("fd20:ce::254/128", "cloud metadata"),
          AddressBlock.of("fd00:42::42/128", "cloud metadata"),
          AddressBlock.of("ff00::/8", "multicast"));

  private static final List<AddressBlock> PRIVATE =
      List.of(
          AddressBlock.of("127.0.0.0/8", "loopback"),
          AddressBlock.of("10.0.0.0/8", "private"),
          AddressBlock.of("172.16.0.0/12", "private"),
          AddressBlock.of("192.168.0.0/16", "private"),
          AddressBlock.of("100.64.0.0/10", "private"),
          AddressBlock.of("192.0.0.0/24", "reserved"),
          AddressBlock.of("192.0.2.0/24", "reserved"),
          AddressBlock.of("198.18.0.0/15", "reserved"),
          AddressBlock.of("198.51.100.0/24", "reserved"),
          AddressBlock.of("203.0.113.0/24", "reserved"),
          AddressBlock.of("240.0.0.0/4", "reserved"),
          AddressBlock.of("::1/128", "loopback"),
          AddressBlock.of("64:ff9b:1::/48", "private"),
          AddressBlock.of("100::/64", "reserved"),
          AddressBlock.of("2001:db8::/32", "reserved"),
          AddressBlock.of("3fff::/20", "reserved"),
          AddressBlock.of("5f00::/16", "reserved"),
          AddressBlock.of("fc00::/7", "private"),
          AddressBlock.of("fec0::/10", "private"));

  private final boolean allowPrivate;
  private final OwnPlaces own;

  public AddressRules(boolean allowPrivate, OwnPlaces own) {
    this.allowPrivate = allowPrivate;
    this.own = own;
  }

  /// Why nothing may be sent to this port of this address, as the end of a sentence; empty when it
  /// may.
  public Optional<String> refusal(InetAddress address, int port) {
    List<InetAddress> forms = EmbeddedAddresses.in(address);
    return forms.stream()
        .map(this::refusal)
        .flatMap(Optional::stream)
        .findFirst()
        .or(() ->
            forms.stream().map(form -> own.at(form, port)).flatMap(Optional::stream).findFirst());
  }

  private Optional<String> refusal(InetAddress address) {
    return name(ALWAYS, address)
        .map("no target may have (%s)"::formatted)
        .or(() ->
            allowPrivate
                ? Optional.empty()
                : name(PRIVATE, address)
                    .map("upstream.allow-private-networks: false forbids (%s)"::formatted));
  }

  private static Optional<String> name(List<AddressBlock> blocks, InetAddress address) {
    return blocks.stream()
        .filter(block -> block.holds(address))
        .map(AddressBlock::name)
        .findFirst();
  }

  /// What can be said of a URL before its host is resolved: refuses an address that stands in it.
  ///
  /// @param field what is refused then
  /// @throws InvalidRequest naming the field
  public void check(String field, URI url) {
    String host = bare(url.getHost());
    if (host.contains("%")) {
      throw new InvalidRequest(field + " must not hold an IPv6 zone");
    }
    if (ambiguous(host)) {
      throw new InvalidRequest(field + " must write an IPv4 address as four decimal numbers");
    }
    addresses(host)
        .map(address -> refusal(address, port(url)))
        .flatMap(Optional::stream)
        .findFirst()
        .ifPresent(why -> {
          throw new InvalidRequest("%s is at an address that %s".formatted(field, why));
        });
  }

  /// The same for all that a target names.
  public void check(Target target) {
    target.transport().address().ifPresent(url -> check("url", url));
  }

  /// The port that a URL names, or the one of its scheme.
  public static int port(URI url) {
    if (url.getPort() >= 0) {
      return url.getPort();
    }
    return url.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  private static String bare(String host) {
    String lower = host.toLowerCase(Locale.ROOT);
    return lower.startsWith("[") ? lower.substring(1, lower.length() - 1) : lower;
  }

  private static Stream<InetAddress> addresses(String host) {
    String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    if (name.equals("localhost") || name.endsWith(".localhost")) {
      return Stream.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1"));
    }
    try {
      return Stream.of(InetAddress.ofLiteral(name));
    } catch (IllegalArgumentException _) {
      return Stream.empty();
    }
  }

  /// Hexadecimal, octal and short forms mean one address here and another one there.
  private static boolean ambiguous(String host) {
    try {
      return !Inet4Address.ofPosixLiteral(host).getHostAddress().equals(host);
    } catch (IllegalArgumentException _) {
      return false;
    }
  }
}
