package io.reflow.gateway.upstream.http;

import io.reflow.gateway.target.AddressRules;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Says where connections to targets may lead. A host is resolved and its addresses are checked
/// here, and while something is sent the JVM resolves the host to just these: a name that means
/// something else a moment later leads nowhere else.
final class Reachable {

  private static final ThreadLocal<@Nullable Scope> SCOPE = new ThreadLocal<>();

  private static final Duration FRESH = Duration.ofSeconds(30);
  private static final int MOST_ANSWERS = 10_000;

  private final AddressRules rules;
  private final Names names;
  private final Duration patience;
  private final Map<Place, Answer> answers = new ConcurrentHashMap<>();
  private final Map<Place, CompletableFuture<Answer>> lookups = new ConcurrentHashMap<>();

  /// @param patience how long it may take to resolve a name
  Reachable(AddressRules rules, Duration patience) {
    this(rules, InetAddress::getAllByName, patience);
  }

  Reachable(AddressRules rules, Names names, Duration patience) {
    this.rules = rules;
    this.names = names;
    this.patience = patience;
    requireResolver();
  }

  /// Another resolver on the class path would let everything through.
  private static void requireResolver() {
    SCOPE.set(_ -> List.of(InetAddress.getLoopbackAddress()));
    try {
      InetAddress[] _ = InetAddress.getAllByName("resolver.invalid");
    } catch (UnknownHostException e) {
      throw new IllegalStateException("the JVM does not ask the gateway's resolver of names", e);
    } finally {
      SCOPE.remove();
    }
  }

  /// What a name means, at this moment.
  @FunctionalInterface
  interface Names {
    InetAddress[] lookup(String host) throws UnknownHostException;
  }

  /// Something that connects to where it was said to lead.
  @FunctionalInterface
  interface Sending<T> {
    T send() throws IOException, InterruptedException;
  }

  /// What the JVM is told while a thread works for a target.
  @FunctionalInterface
  interface Scope {
    List<InetAddress> addresses(String host) throws UnknownHostException;
  }

  /// The connection must not be made. The message goes on the sentence "target 'x' ...".
  static final class Refused extends ConnectException {
    private static final long serialVersionUID = 1;

    Refused(String why) {
      super(why);
    }
  }

  private record Place(String host, int port) {

    static Place of(URI address) {
      return new Place(address.getHost().toLowerCase(Locale.ROOT), AddressRules.port(address));
    }
  }

  /// What a host means, and why that is not all of it.
  ///
  /// @param sentTo whether there was anything to send to, now or before
  private record Answer(
      List<InetAddress> addresses, Optional<String> refusal, long until, boolean sentTo) {

    boolean fresh() {
      return until - System.nanoTime() > 0;
    }

    /// What is asked for anew the next time.
    Answer stale() {
      return new Answer(addresses, refusal, System.nanoTime(), sentTo);
    }

    Answer after(@Nullable Answer before) {
      return before == null || !before.sentTo()
          ? this
          : new Answer(addresses, refusal, until, true);
    }
  }

  /// What counts in the calling thread.
  static Optional<Scope> scope() {
    return Optional.ofNullable(SCOPE.get());
  }

  /// Sends something to where the address leads.
  ///
  /// @throws Refused where nothing may be sent
  <T> T to(URI address, Sending<T> sending) throws IOException, InterruptedException {
    Place place = Place.of(address);
    Answer answer = find(place);
    if (answer.addresses().isEmpty()) {
      throw answer
          .refusal()
          .map(why -> (IOException) new Refused("is at an address that " + why))
          .orElseGet(Reachable::unknown);
    }
    @Nullable Scope before = SCOPE.get();
    SCOPE.set(host -> host.equalsIgnoreCase(place.host()) ? answer.addresses() : known(host));
    try {
      return sending.send();
    } finally {
      restore(before);
    }
  }

  private static void restore(@Nullable Scope before) {
    if (before == null) {
      SCOPE.remove();
    } else {
      SCOPE.set(before);
    }
  }

  private static ConnectException unknown() {
    var unknown = new ConnectException("the host is unknown");
    unknown.initCause(new UnresolvedAddressException());
    return unknown;
  }

  /// The host of an address may be at another place than before: the next time it is looked for.
  void renew(URI address) {
    Answer _ = answers.computeIfPresent(Place.of(address), (_, known) -> known.stale());
  }

  /// The same threads, for a client that connects to targets: where it connects again by itself, it
  /// gets no address that was not checked either.
  Executor guarded(Executor threads) {
    return task ->
        threads.execute(() -> {
          @Nullable Scope before = SCOPE.get();
          SCOPE.set(this::known);
          try {
            task.run();
          } finally {
            restore(before);
          }
        });
  }

  /// Who does not say for which port gets what is fit for all that were sent to, as it is known
  /// last.
  private List<InetAddress> known(String host) throws UnknownHostException {
    String name = host.toLowerCase(Locale.ROOT);
    List<Answer> sentTo = new ArrayList<>();
    answers.forEach((place, answer) -> {
      if (place.host().equals(name) && answer.sentTo()) {
        sentTo.add(answer);
      }
    });
    List<Answer> fresh = sentTo.stream().filter(Answer::fresh).toList();
    List<InetAddress> common = common(fresh.isEmpty() ? sentTo : fresh);
    if (common.isEmpty()) {
      throw new UnknownHostException("no address of this host was checked");
    }
    return common;
  }

  private static List<InetAddress> common(List<Answer> answers) {
    if (answers.isEmpty()) {
      return List.of();
    }
    List<InetAddress> common = new ArrayList<>(answers.getFirst().addresses());
    answers.forEach(answer -> common.retainAll(answer.addresses()));
    return common;
  }

  private Answer find(Place place) throws IOException, InterruptedException {
    @Nullable Answer known = answers.get(place);
    if (known != null && known.fresh()) {
      return known;
    }
    try {
      return lookups
          .computeIfAbsent(place, this::begin)
          .get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      ConnectException unknown = unknown();
      unknown.addSuppressed(e);
      throw unknown;
    }
  }

  /// Whoever waits for it may lose patience: the system's resolver has no deadline of its own.
  private CompletableFuture<Answer> begin(Place place) {
    var answer = new CompletableFuture<Answer>();
    Thread _ =
        Thread.ofVirtual()
            .name("resolve-" + place.host())
            .start(() -> {
              try {
                Answer found = lookup(place);
                if (answers.size() >= MOST_ANSWERS) {
                  answers.clear();
                }
                var _ = answers.compute(place, (_, before) -> found.after(before));
                answer.complete(found);
              } catch (UnknownHostException | RuntimeException e) {
                answer.completeExceptionally(e);
              } finally {
                lookups.remove(place);
              }
            });
    return answer;
  }

  private Answer lookup(Place place) throws UnknownHostException {
    List<InetAddress> allowed = new ArrayList<>();
    Optional<String> refusal = Optional.empty();
    for (InetAddress address : names.lookup(place.host())) {
      Optional<String> why = rules.refusal(address, place.port());
      if (why.isEmpty()) {
        allowed.add(address);
      }
      refusal = refusal.or(() -> why);
    }
    return new Answer(
        List.copyOf(allowed), refusal, System.nanoTime() + FRESH.toNanos(), !allowed.isEmpty());
  }
}
