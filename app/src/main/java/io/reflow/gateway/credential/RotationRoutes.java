package io.reflow.gateway.credential;

import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;

/// `/api/admin/encryption/rotate`.
public final class RotationRoutes {

  private final Rotation rotation;
  private final Vault vault;

  public RotationRoutes(Rotation rotation, Vault vault) {
    this.rotation = rotation;
    this.vault = vault;
  }

  /// The key that seals, and how many values another one has still sealed.
  public record RotationJson(String keyId, int left, boolean running) {}

  /// Begins, or goes on; asked again, it tells how far it is.
  public void start(Exchange<Authenticated> exchange) {
    int left = rotation.left();
    if (left > 0) {
      rotation.start();
    }
    exchange.json(202, new RotationJson(vault.sealingKey(), left, rotation.running()));
  }
}
