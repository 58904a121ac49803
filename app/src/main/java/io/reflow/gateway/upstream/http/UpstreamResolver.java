package io.reflow.gateway.upstream.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.security.Security;
import java.util.Optional;
import java.util.stream.Stream;

/// The JVM's resolver of names: the system's own, but for connections to targets, which get the
/// addresses that [Reachable] has checked. Found by the JVM as a service.
public final class UpstreamResolver extends InetAddressResolverProvider {

  /// Called by the JVM. Its cache would give a name that was resolved for something else to a
  /// target, unchecked; [Reachable] has one of its own.
  public UpstreamResolver() {}

  @Override
  public InetAddressResolver get(Configuration configuration) {
    Security.setProperty("networkaddress.cache.ttl", "0");
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
    return new Resolver(configuration.builtinResolver());
  }

  @Override
  public String name() {
    return "reflow-gateway";
  }

  private record Resolver(InetAddressResolver system) implements InetAddressResolver {

    @Override
    public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
        throws UnknownHostException {
      Optional<Reachable.Scope> scope = Reachable.scope();
      return scope.isPresent()
          ? scope.get().addresses(host).stream()
          : system.lookupByName(host, policy);
    }

    @Override
    public String lookupByAddress(byte[] address) throws UnknownHostException {
      return system.lookupByAddress(address);
    }
  }
}
