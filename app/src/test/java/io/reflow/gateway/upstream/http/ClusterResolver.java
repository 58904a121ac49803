package io.reflow.gateway.upstream.http;

import io.reflow.operator.testing.Node;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/// The JVM's resolver of names while tests run: the gateway's own, in a machine whose system knows
/// the names of a cluster's Services too. Found by the JVM as a service, before the gateway's.
public final class ClusterResolver extends InetAddressResolverProvider {

  private static final List<Node> CLUSTERS = new CopyOnWriteArrayList<>();

  /// Called by the JVM.
  public ClusterResolver() {}

  /// From now on the names of this cluster's Services are known.
  public static void know(Node cluster) {
    CLUSTERS.add(cluster);
  }

  public static void forget(Node cluster) {
    CLUSTERS.remove(cluster);
  }

  @Override
  public InetAddressResolver get(Configuration configuration) {
    return new Resolver(new UpstreamResolver().get(configuration));
  }

  @Override
  public String name() {
    return "tests";
  }

  private record Resolver(InetAddressResolver gateway) implements InetAddressResolver {

    /// What the gateway asks the system for comes without a scope.
    @Override
    public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
        throws UnknownHostException {
      return host.endsWith(".svc") && Reachable.scope().isEmpty()
          ? Stream.of(inClusters(host))
          : gateway.lookupByName(host, policy);
    }

    private static InetAddress inClusters(String host) throws UnknownHostException {
      for (Node cluster : CLUSTERS) {
        try {
          return cluster.lookup(host);
        } catch (UnknownHostException _) {
          // It may be another one's.
        }
      }
      throw new UnknownHostException(host);
    }

    @Override
    public String lookupByAddress(byte[] address) throws UnknownHostException {
      return gateway.lookupByAddress(address);
    }
  }
}
