package io.reflow.gateway.http;

import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Keeps child processes out of a listener that asks nobody who they are. Whoever connects from
/// this machine has a socket here, and the kernel tells whose it is.
public final class LocalPeers implements Filter {

  private static final List<Path> TABLES =
      List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));
  private static final Pattern SPACES = Pattern.compile(" +");

  private final Strangers strangers;

  /// Says which sockets belong to processes that are to stay out.
  @FunctionalInterface
  public interface Strangers {
    boolean own(int uid, long inode);
  }

  LocalPeers(Strangers strangers) {
    this.strangers = strangers;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    if (isStranger(request.remotePeer().address(), request.localPeer().address())) {
      response.status(Status.FORBIDDEN_403).send();
    } else {
      chain.proceed();
    }
  }

  private boolean isStranger(SocketAddress remote, SocketAddress local) {
    if (!(remote instanceof InetSocketAddress from && local instanceof InetSocketAddress to)) {
      return false;
    }
    // Ports alone: a pair may be in use between other addresses too, and one stranger is enough.
    String ends = ":%04X [0-9A-F]+:%04X ".formatted(from.getPort(), to.getPort());
    Pattern pair = Pattern.compile(" *\\d+: [0-9A-F]+" + ends);
    return TABLES.stream()
        .flatMap(LocalPeers::lines)
        .filter(line -> pair.matcher(line).lookingAt())
        .map(line -> SPACES.split(line.strip(), -1))
        .anyMatch(fields -> strangers.own(Integer.parseInt(fields[7]), Long.parseLong(fields[9])));
  }

  private static Stream<String> lines(Path table) {
    try {
      return Files.readAllLines(table).stream();
    } catch (IOException _) {
      // A machine without IPv6 has no table for it.
      return Stream.empty();
    }
  }
}
