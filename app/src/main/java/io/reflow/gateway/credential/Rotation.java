package io.reflow.gateway.credential;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Seals with the first encryption key what older keys have sealed, in the background. It keeps no
/// state of its own: what is left to do is what the table holds under other keys, so that it can be
/// begun again at any time, on any replica.
public final class Rotation implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Rotation.class);

  private final CredentialStore store;
  private final AtomicBoolean running = new AtomicBoolean();
  private volatile boolean closed;

  public Rotation(CredentialStore store) {
    this.store = store;
  }

  /// Begins, unless it is under way here.
  void start() {
    if (!closed && running.compareAndSet(false, true)) {
      Thread.ofVirtual().name("encryption-rotation").start(this::run);
    }
  }

  /// How many values are still sealed with another key than the first.
  int left() {
    return store.sealedWithOldKeys().size();
  }

  boolean running() {
    return running.get();
  }

  private void run() {
    try {
      int done = 0;
      for (EnvConfig config : store.sealedWithOldKeys()) {
        done += !closed && rotate(config) ? 1 : 0;
      }
      LOG.atInfo().log("Sealed {} values with the first encryption key", done);
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("Could not seal all values anew: ask for it again");
    } finally {
      running.set(false);
    }
  }

  /// One value that does not open must not keep the others under their old key.
  private boolean rotate(EnvConfig config) {
    try {
      store.rotate(config);
      return true;
    } catch (VaultException e) {
      LOG.atError()
          .addKeyValue("target", config.target())
          .log("The value of {} can't be decrypted: {}", config.key(), e.getMessage());
      return false;
    }
  }

  /// Stops after the value under way.
  @Override
  public void close() {
    closed = true;
  }
}
