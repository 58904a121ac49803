package io.reflow.gateway.target;

import java.net.InetAddress;

/// A range of addresses: those that begin with the same bits.
record AddressBlock(InetAddress network, int bits, String name) {

  /// @param cidr such as `10.0.0.0/8`
  static AddressBlock of(String cidr, String name) {
    int slash = cidr.indexOf('/');
    return new AddressBlock(
        InetAddress.ofLiteral(cidr.substring(0, slash)),
        Integer.parseInt(cidr.substring(slash + 1)),
        name);
  }

  boolean holds(InetAddress address) {
    byte[] ours = network.getAddress();
    byte[] theirs = address.getAddress();
    if (ours.length != theirs.length) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      int mask = 0x80 >> (bit % Byte.SIZE);
      if (((ours[bit / Byte.SIZE] ^ theirs[bit / Byte.SIZE]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }
}
