package io.reflow.gateway.target;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Where the gateway and its replicas keep their data and listen, but not for clients: whoever
/// could have the gateway itself talk to these would get around who may.
public final class OwnPlaces {

  private final List<Place> fixed = new CopyOnWriteArrayList<>();
  private final Supplier<Collection<Place>> changing;

  /// @param changing those that come and go
  public OwnPlaces(Supplier<Collection<Place>> changing) {
    this.changing = changing;
  }

  /// A port of a host.
  ///
  /// @param what is there, such as `the database`
  public record Place(String what, String host, int port) {}

  public void add(Place place) {
    fixed.add(place);
  }

  /// What is at this port of this address, as the end of a sentence about the address.
  Optional<String> at(InetAddress address, int port) {
    return Stream.concat(fixed.stream(), changing.get().stream())
        .filter(place -> place.port() == port && isThere(place, address))
        .map(place -> "is the gateway's own (%s)".formatted(place.what()))
        .findFirst();
  }

  /// A place whose name can't be resolved now can't be told from others by its address.
  private static boolean isThere(Place place, InetAddress address) {
    try {
      List<InetAddress> itsOwn = List.of(InetAddress.getAllByName(place.host()));
      return itsOwn.contains(address)
          || (isHere(address) && itsOwn.stream().anyMatch(OwnPlaces::isHere));
    } catch (UnknownHostException _) {
      return isHere(address);
    }
  }

  /// Whether the address is one of this machine.
  private static boolean isHere(InetAddress address) {
    if (address.isLoopbackAddress() || address.isAnyLocalAddress()) {
      return true;
    }
    try {
      return NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException _) {
      return true;
    }
  }
}
