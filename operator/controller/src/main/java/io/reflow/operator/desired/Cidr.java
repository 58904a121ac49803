package io.reflow.operator.desired;

import java.net.InetAddress;

/// Networks such as `10.0.0.0/8` or `fd00::/8`.
final class Cidr {

  private Cidr() {}

  static boolean isValid(String text) {
    int slash = text.indexOf('/');
    if (slash < 1 || !text.substring(slash + 1).matches("\\d{1,3}")) {
      return false;
    }
    int bits = Integer.parseInt(text.substring(slash + 1));
    try {
      int whole = InetAddress.ofLiteral(text.substring(0, slash)).getAddress().length * Byte.SIZE;
      return bits <= whole;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  static boolean isV6(String text) {
    return text.indexOf(':') >= 0;
  }
}
