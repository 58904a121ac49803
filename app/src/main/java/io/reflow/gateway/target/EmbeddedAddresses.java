package io.reflow.gateway.target;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/// Finds the IPv4 addresses that translators and tunnels read out of an IPv6 address: to connect to
/// the one may be to connect to the other.
final class EmbeddedAddresses {

  private static final AddressBlock COMPATIBLE = AddressBlock.of("::/96", "RFC 4291");
  private static final AddressBlock TRANSLATED = AddressBlock.of("::ffff:0:0:0/96", "RFC 2765");
  private static final AddressBlock NAT64 = AddressBlock.of("64:ff9b::/96", "RFC 6052");
  private static final AddressBlock LOCAL_NAT64 = AddressBlock.of("64:ff9b:1::/48", "RFC 8215");
  private static final AddressBlock SIX_TO_FOUR = AddressBlock.of("2002::/16", "RFC 3056");
  private static final AddressBlock TEREDO = AddressBlock.of("2001::/32", "RFC 4380");

  private EmbeddedAddresses() {}

  /// The address itself, and what it may stand for. One that is mapped (`::ffff:a.b.c.d`) is an
  /// IPv4 address already.
  static List<InetAddress> in(InetAddress address) {
    List<InetAddress> all = new ArrayList<>(List.of(address));
    byte[] bytes = address.getAddress();
    if (bytes.length != 16) {
      return all;
    }
    boolean last =
        (COMPATIBLE.holds(address) && !address.isLoopbackAddress() && !address.isAnyLocalAddress())
            || TRANSLATED.holds(address)
            || NAT64.holds(address)
            || LOCAL_NAT64.holds(address)
            || isatap(bytes);
    if (last) {
      all.add(address(bytes, 12, 13, 14, 15));
    }
    if (LOCAL_NAT64.holds(address)) {
      // Its operator chooses how long the prefix is; byte 8 is always left out.
      all.add(address(bytes, 6, 7, 9, 10));
      all.add(address(bytes, 7, 9, 10, 11));
      all.add(address(bytes, 9, 10, 11, 12));
    }
    if (SIX_TO_FOUR.holds(address)) {
      all.add(address(bytes, 2, 3, 4, 5));
    }
    if (TEREDO.holds(address)) {
      all.add(address(bytes, 4, 5, 6, 7));
      all.add(address(inverted(bytes), 12, 13, 14, 15));
    }
    return all;
  }

  /// RFC 5214: the interface identifier is `0:5efe` or `200:5efe` and the IPv4 address.
  private static boolean isatap(byte[] bytes) {
    return (bytes[8] & ~0x03) == 0
        && bytes[9] == 0
        && bytes[10] == 0x5e
        && bytes[11] == (byte) 0xfe;
  }

  private static byte[] inverted(byte[] bytes) {
    byte[] inverted = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      inverted[i] = (byte) ~bytes[i];
    }
    return inverted;
  }

  private static InetAddress address(byte[] from, int a, int b, int c, int d) {
    try {
      return InetAddress.getByAddress(new byte[] {from[a], from[b], from[c], from[d]});
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
