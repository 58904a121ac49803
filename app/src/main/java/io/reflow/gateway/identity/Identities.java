package io.reflow.gateway.identity;

import io.reflow.gateway.database.Snapshot;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The users and API tokens in memory, and whom to tell when somebody's rights have changed.
public final class Identities {

  private static final Logger LOG = LoggerFactory.getLogger(Identities.class);

  private final Snapshot<IdentitySnapshot> snapshot;
  private final List<Consumer<UserId>> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock reloading = new ReentrantLock();

  public Identities(UserStore users, TokenStore tokens) {
    this(
        new Snapshot<>(
            IdentitySnapshot.NOT_LOADED, () -> new IdentitySnapshot(users.all(), tokens.all())));
  }

  Identities(Snapshot<IdentitySnapshot> snapshot) {
    this.snapshot = snapshot;
  }

  /// `listener` is called for every user who was changed, disabled or deleted, or lost a token,
  /// here or on another replica. It must be quick; what it finds in memory is the new state.
  public void onChange(Consumer<UserId> listener) {
    listeners.add(listener);
  }

  /// Loads anew and tells the listeners. When it returns, everything that was committed before the
  /// call counts, and every listener was told.
  public void reload() {
    // The lock holds until the listeners were told: whoever finds a change already loaded by
    // another thread must not go on before that one's listeners are through.
    reloading.lock();
    try {
      IdentitySnapshot before = snapshot.current();
      snapshot.reload();
      snapshot.current().changedSince(before).forEach(this::tell);
    } finally {
      reloading.unlock();
    }
  }

  /// An enabled user, as of now.
  public Optional<Identity> find(UserId id) {
    return Optional.ofNullable(snapshot.current().userOrNull(id))
        .filter(User::enabled)
        .map(User::identity);
  }

  /// All users, disabled or not; empty while nothing is known of any.
  public Optional<List<Identity>> all() {
    IdentitySnapshot now = snapshot.current();
    return now.loaded() ? Optional.of(now.identities()) : Optional.empty();
  }

  /// What goes wrong with one listener must not keep the others from hearing.
  private void tell(UserId user) {
    for (Consumer<UserId> listener : listeners) {
      try {
        listener.accept(user);
      } catch (RuntimeException e) {
        LOG.atError()
            .setCause(e)
            .addKeyValue("userId", user)
            .log("Could not apply a changed user everywhere");
      }
    }
  }

  IdentitySnapshot current() {
    return snapshot.current();
  }
}
