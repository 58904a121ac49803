package io.reflow.operator.testing;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// The objects of the API server for tests, with the rules by which a real one changes them.
public final class Objects {

  static final ObjectMapper JSON = new ObjectMapper();
  private static final String NAME = "[a-z0-9]([-a-z0-9.]*[a-z0-9])?";
  private static final String LABEL = "([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?";

  /// A change as watches see it.
  record Change(long version, Kind kind, @Nullable ObjectNode before, @Nullable ObjectNode after) {}

  private final InstantSource clock;
  private final CrdSchema schema = new CrdSchema();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<Kind, Map<String, ObjectNode>> objects = new EnumMap<>(Kind.class);
  private final Map<String, ObjectNode> applied = new HashMap<>();
  private final Set<String> uids = new HashSet<>();
  private final Deque<Change> history = new ArrayDeque<>();
  private final int remembers;
  private long version = 1000;
  private long forgotten = 1000;
  private int nextAddress;

  /// @param place no other in this machine has the same: addresses of Services begin there
  Objects(InstantSource clock, int remembers, int place) {
    this.clock = clock;
    this.nextAddress = place << Byte.SIZE;
    this.remembers = remembers;
    for (Kind kind : Kind.values()) {
      objects.put(kind, new TreeMap<>());
    }
  }

  public Optional<ObjectNode> find(Kind kind, String namespace, String name) {
    return locked(() -> Optional.ofNullable(all(kind).get(namespace + "/" + name)))
        .map(ObjectNode::deepCopy);
  }

  public List<ObjectNode> list(Kind kind) {
    return locked(() -> List.copyOf(all(kind).values()));
  }

  public long version() {
    return locked(() -> version);
  }

  /// The newest version; waits a little for one after that.
  long awaitAfter(long seen, long millis) throws InterruptedException {
    lock.lock();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(millis);
      while (version <= seen && left > 0) {
        left = changed.awaitNanos(left);
      }
      return version;
    } finally {
      lock.unlock();
    }
  }

  public ObjectNode create(Kind kind, String namespace, ObjectNode body) {
    return locked(() -> {
      ObjectNode metadata = metadata(body);
      if (!metadata.has("name") && metadata.has("generateName")) {
        metadata.put("name", metadata.get("generateName").asString() + (version + 1));
      }
      String name = metadata.path("name").asString("");
      if (all(kind).containsKey(namespace + "/" + name)) {
        throw new Refused(409, "AlreadyExists", kind.plural + " " + name + " already exists");
      }
      if (!metadata.path("resourceVersion").asString("").isEmpty()) {
        throw new Refused(400, "BadRequest", "resourceVersion should not be set on create");
      }
      ObjectNode object = body.deepCopy();
      ObjectNode own = metadata(object);
      own.put("namespace", namespace);
      own.put("uid", UUID.randomUUID().toString());
      own.put("creationTimestamp", now());
      own.put("generation", 1);
      own.remove("deletionTimestamp");
      if (kind.hasStatus) {
        object.remove("status");
      }
      if (kind == Kind.POD) {
        object.putObject("status").put("phase", "Pending");
        List<String> violations = PodSecurity.violations(object);
        if (!violations.isEmpty()) {
          throw new Refused(403, "Forbidden", "violates PodSecurity: " + violations);
        }
      }
      if (kind == Kind.SECRET) {
        encode(object);
      }
      check(kind, object, Optional.empty());
      if (kind == Kind.SERVICE) {
        ((ObjectNode) object.get("spec")).put("clusterIP", address());
      }
      store(kind, null, object);
      uids.add(own.get("uid").asString());
      collect(kind, object);
      return object;
    });
  }

  ObjectNode replace(Kind kind, String namespace, String name, ObjectNode body, boolean status) {
    return locked(() -> {
      ObjectNode before = existing(kind, namespace, name);
      checkVersion(before, metadata(body).path("resourceVersion").asString(""));
      return update(kind, before, body, status);
    });
  }

  public ObjectNode merge(
      Kind kind, String namespace, String name, ObjectNode patch, boolean status) {
    return locked(() -> {
      ObjectNode before = existing(kind, namespace, name);
      String wanted = patch.path("metadata").path("resourceVersion").asString("");
      checkVersion(before, wanted);
      ObjectNode body = before.deepCopy();
      merge(body, patch);
      return update(kind, before, body, status);
    });
  }

  /// Server-side apply: makes what is not there; takes away what its manager has stopped to apply.
  ObjectNode apply(
      Kind kind, String namespace, String name, String manager, ObjectNode body, boolean status) {
    return locked(() -> {
      if (manager.isEmpty()) {
        throw new Refused(400, "BadRequest", "fieldManager is required for apply patch");
      }
      if (metadata(body).has("managedFields")) {
        throw new Refused(400, "BadRequest", "metadata.managedFields must be nil");
      }
      String key = kind + "/" + namespace + "/" + name + "/" + manager;
      ObjectNode before = all(kind).get(namespace + "/" + name);
      if (before == null && status) {
        throw Refused.notFound(kind, name);
      }
      ObjectNode result;
      if (before == null) {
        result = create(kind, namespace, body);
      } else {
        checkVersion(before, metadata(body).path("resourceVersion").asString(""));
        ObjectNode merged = before.deepCopy();
        takeAway(merged, applied.get(key), body);
        merge(merged, body);
        result = update(kind, before, merged, status);
      }
      applied.put(key, body.deepCopy());
      return result;
    });
  }

  /// Pods get the time that they need to end; all else goes at once, and with it what it owns.
  public void delete(Kind kind, String namespace, String name, JsonNode options) {
    locked(() -> {
      ObjectNode before = existing(kind, namespace, name);
      JsonNode wanted = options.path("preconditions");
      String uid = wanted.path("uid").asString("");
      if (!uid.isEmpty() && !uid.equals(metadata(before).get("uid").asString())) {
        throw Refused.conflict("the UID in the precondition does not match");
      }
      String seen = wanted.path("resourceVersion").asString("");
      if (!seen.isEmpty() && !seen.equals(metadata(before).get("resourceVersion").asString())) {
        throw Refused.conflict("the resourceVersion in the precondition does not match");
      }
      boolean orphan = options.path("propagationPolicy").asString("").equals("Orphan");
      if (orphan) {
        disown(metadata(before).get("uid").asString());
      }
      if (kind == Kind.POD && options.path("gracePeriodSeconds").asInt(30) > 0) {
        if (!metadata(before).has("deletionTimestamp")) {
          ObjectNode after = before.deepCopy();
          metadata(after).put("deletionTimestamp", now());
          store(kind, before, after);
        }
      } else {
        remove(kind, before);
      }
      return before;
    });
  }

  /// Changes of a kind after a version; waits a little for one. A version that is too old is
  /// refused.
  List<Change> changesAfter(long since, Kind kind, Predicate<Change> wanted, long millis)
      throws InterruptedException {
    lock.lock();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(millis);
      List<Change> found = remembered(since, kind, wanted);
      while (found.isEmpty() && left > 0) {
        left = changed.awaitNanos(left);
        found = remembered(since, kind, wanted);
      }
      return found;
    } finally {
      lock.unlock();
    }
  }

  /// Forgets all that was, so that watches have to begin anew.
  void forget() {
    locked(() -> {
      history.clear();
      forgotten = ++version;
      return version;
    });
  }

  /// Asked anew after each wait: what was not told before it was forgotten never is.
  private List<Change> remembered(long since, Kind kind, Predicate<Change> wanted) {
    if (since < forgotten) {
      throw new Refused(410, "Expired", "too old resource version: " + since);
    }
    var found = new ArrayDeque<Change>();
    var newest = history.descendingIterator();
    while (newest.hasNext()) {
      Change change = newest.next();
      if (change.version() <= since) {
        break;
      }
      if (change.kind() == kind && wanted.test(change)) {
        found.addFirst(change);
      }
    }
    return List.copyOf(found);
  }

  private ObjectNode update(Kind kind, ObjectNode before, ObjectNode body, boolean status) {
    ObjectNode after = status ? before.deepCopy() : body.deepCopy();
    if (status) {
      after.set("status", body.path("status").deepCopy());
    } else {
      ObjectNode own = metadata(after);
      for (String kept :
          List.of("uid", "creationTimestamp", "generation", "deletionTimestamp", "namespace")) {
        own.remove(kept);
        if (metadata(before).has(kept)) {
          own.set(kept, metadata(before).get(kept));
        }
      }
      if (kind.hasStatus) {
        after.remove("status");
        if (before.has("status")) {
          after.set("status", before.get("status"));
        }
      }
      if (!after.path("spec").equals(before.path("spec"))) {
        if (kind == Kind.POD) {
          throw Refused.invalid("spec: Forbidden: pod updates may not change fields");
        }
        own.put("generation", own.get("generation").asInt() + 1);
      }
    }
    if (kind == Kind.SECRET) {
      encode(after);
      if (before.path("immutable").asBoolean(false)
          && !(after.path("data").equals(before.path("data"))
              && after.path("immutable").asBoolean(false))) {
        throw Refused.invalid("data: Forbidden: field is immutable when `immutable` is set");
      }
    }
    check(kind, after, Optional.of(before));
    metadata(after).set("resourceVersion", metadata(before).get("resourceVersion"));
    if (after.equals(before)) {
      return before;
    }
    store(kind, before, after);
    return after;
  }

  private void check(Kind kind, ObjectNode object, Optional<ObjectNode> before) {
    String name = metadata(object).path("name").asString("");
    if (name.length() > 253 || !name.matches(NAME)) {
      throw Refused.invalid("metadata.name: Invalid value: " + name);
    }
    if (kind == Kind.SERVICE
        && (name.length() > 63 || !name.matches("[a-z]([-a-z0-9]*[a-z0-9])?"))) {
      throw Refused.invalid("metadata.name: no DNS-1035 label: " + name);
    }
    for (JsonNode label : metadata(object).path("labels")) {
      if (label.asString().length() > 63 || !label.asString().matches(LABEL)) {
        throw Refused.invalid("metadata.labels: Invalid value: " + label);
      }
    }
    object.put("kind", kind.name);
    object.put("apiVersion", kind.apiVersion());
    if (kind == Kind.INSTANCE) {
      List<String> problems = schema.check(object, before);
      if (!problems.isEmpty()) {
        throw Refused.invalid(String.join("; ", problems));
      }
    } else {
      KubernetesSchemas.problem(kind.name, object.toString())
          .ifPresent(problem -> {
            throw Refused.invalid(problem);
          });
    }
  }

  /// What a Secret is given as text it keeps as data.
  private static void encode(ObjectNode secret) {
    if (secret.remove("stringData") instanceof ObjectNode texts) {
      ObjectNode data =
          secret.get("data") instanceof ObjectNode some ? some : secret.putObject("data");
      for (var text : texts.properties()) {
        byte[] bytes = text.getValue().asString().getBytes(StandardCharsets.UTF_8);
        data.put(text.getKey(), Base64.getEncoder().encodeToString(bytes));
      }
    }
    if (!secret.has("type")) {
      secret.put("type", "Opaque");
    }
  }

  private void store(Kind kind, @Nullable ObjectNode before, ObjectNode after) {
    metadata(after).put("resourceVersion", Long.toString(++version));
    all(kind).put(key(after), after);
    remember(new Change(version, kind, before, after));
  }

  private void remove(Kind kind, ObjectNode before) {
    all(kind).remove(key(before));
    ObjectNode last = before.deepCopy();
    metadata(last).put("resourceVersion", Long.toString(++version));
    remember(new Change(version, kind, last, null));
    uids.remove(metadata(before).get("uid").asString());
    forEachObject(this::collect);
  }

  private void remember(Change change) {
    history.addLast(change);
    if (history.size() > remembers) {
      forgotten = history.removeFirst().version();
    }
    changed.signalAll();
  }

  private interface Visit {
    void visit(Kind kind, ObjectNode object);
  }

  private void forEachObject(Visit visit) {
    for (Kind kind : Kind.values()) {
      new ArrayList<>(all(kind).values()).forEach(object -> visit.visit(kind, object));
    }
  }

  /// What has owners goes when none of them is left.
  private void collect(Kind kind, ObjectNode object) {
    JsonNode owners = metadata(object).path("ownerReferences");
    if (owners.isEmpty() || !all(kind).containsKey(key(object))) {
      return;
    }
    for (JsonNode owner : owners) {
      if (uids.contains(owner.path("uid").asString())) {
        return;
      }
    }
    delete(
        kind, metadata(object).get("namespace").asString(), name(object), JSON.createObjectNode());
  }

  private void disown(String uid) {
    forEachObject((kind, object) -> {
      boolean owned = false;
      for (JsonNode owner : metadata(object).path("ownerReferences")) {
        owned |= owner.path("uid").asString().equals(uid);
      }
      if (owned) {
        ObjectNode after = object.deepCopy();
        metadata(after).remove("ownerReferences");
        store(kind, object, after);
      }
    });
  }

  private ObjectNode existing(Kind kind, String namespace, String name) {
    ObjectNode object = all(kind).get(namespace + "/" + name);
    if (object == null) {
      throw Refused.notFound(kind, name);
    }
    return object;
  }

  private static void checkVersion(ObjectNode before, String wanted) {
    if (!wanted.isEmpty() && !wanted.equals(metadata(before).get("resourceVersion").asString())) {
      throw Refused.conflict(
          "the object has been modified; apply your changes to the latest version");
    }
  }

  private static void merge(ObjectNode into, ObjectNode patch) {
    for (String name : patch.propertyNames()) {
      JsonNode value = patch.get(name);
      if (value.isNull()) {
        into.remove(name);
      } else if (value instanceof ObjectNode part && into.get(name) instanceof ObjectNode whole) {
        merge(whole, part);
      } else {
        into.set(name, value.deepCopy());
      }
    }
  }

  private static void takeAway(ObjectNode from, @Nullable ObjectNode earlier, JsonNode now) {
    if (earlier == null) {
      return;
    }
    for (String name : earlier.propertyNames()) {
      if (!now.has(name)) {
        from.remove(name);
      } else if (earlier.get(name) instanceof ObjectNode part
          && from.get(name) instanceof ObjectNode whole) {
        takeAway(whole, part, now.get(name));
      }
    }
  }

  private Map<String, ObjectNode> all(Kind kind) {
    Map<String, ObjectNode> all = objects.get(kind);
    if (all == null) {
      throw new IllegalStateException(kind.name);
    }
    return all;
  }

  private String now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static String key(ObjectNode object) {
    return metadata(object).get("namespace").asString() + "/" + name(object);
  }

  static String name(ObjectNode object) {
    return metadata(object).get("name").asString();
  }

  static ObjectNode metadata(ObjectNode object) {
    return object.get("metadata") instanceof ObjectNode metadata
        ? metadata
        : object.putObject("metadata");
  }

  private interface Work<T> {
    T run();
  }

  private <T> T locked(Work<T> work) {
    lock.lock();
    try {
      return work.run();
    } finally {
      lock.unlock();
    }
  }

  /// An address of this machine that nothing else has, as far as it is known.
  private String address() {
    nextAddress++;
    return "127.%d.%d.%d"
        .formatted(nextAddress >> 16 & 0xff, nextAddress >> 8 & 0xff, nextAddress & 0xff);
  }

  /// The same for this very pod, not for a later one of its name.
  void report(ObjectNode pod, Consumer<ObjectNode> change) {
    String name = name(pod);
    String namespace = metadata(pod).get("namespace").asString();
    locked(() -> {
      ObjectNode now = existing(Kind.POD, namespace, name);
      if (!metadata(now).get("uid").equals(metadata(pod).get("uid"))) {
        throw Refused.notFound(Kind.POD, name);
      }
      report(namespace, name, change);
      return now;
    });
  }

  /// Does something with the status of a pod, as a kubelet would.
  public void report(String namespace, String name, Consumer<ObjectNode> change) {
    locked(() -> {
      ObjectNode before = existing(Kind.POD, namespace, name);
      ObjectNode after = before.deepCopy();
      change.accept((ObjectNode) after.get("status"));
      return update(Kind.POD, before, after, true);
    });
  }
}
