package io.reflow.operator.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.reflow.operator.testing.Objects.Change;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// An API server for tests, over HTTP: lists, watches, writes, applies and deletes as a real one
/// does, and goes wrong in the ways a real one can when it is told to.
public final class ApiServer implements AutoCloseable {

  private static final Pattern PATH =
      Pattern.compile(
          "/(?:api|apis/(?<group>[^/]+))/(?<version>[^/]+)/namespaces/(?<ns>[^/]+)/(?<plural>[^/]+)"
              + "(?:/(?<name>[^/]+))?(?:/(?<sub>status))?");

  private static final String BY_NAME = "metadata.name=";

  /// What is wanted, before it is done.
  public record Request(
      String method, Kind kind, String name, boolean status, boolean watch, String token) {

    /// Whether it would change an object that matters.
    public boolean writes() {
      return !method.equals("GET") && kind != Kind.LEASE && kind != Kind.EVENT;
    }
  }

  /// What becomes of a request.
  public enum Fate {
    DONE,
    /// Not even looked at: the connection breaks.
    BROKEN,
    /// Done, but the answer is lost.
    UNANSWERED,
    CONFLICT,
    TOO_MANY,
    ERROR
  }

  /// Decides what becomes of requests; called for each.
  @FunctionalInterface
  public interface Fates {
    Fate of(Request request);
  }

  private final HttpServer server;
  private final Objects objects;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Rights> rights = new ConcurrentHashMap<>();
  private final Queue<String> forbidden = new ConcurrentLinkedQueue<>();
  private final Set<String> dead = ConcurrentHashMap.newKeySet();
  private final Set<Kind> muted = ConcurrentHashMap.newKeySet();
  private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
  private final AtomicInteger watchEpoch = new AtomicInteger();
  private final AtomicInteger requests = new AtomicInteger();
  private volatile Fates fates = _ -> Fate.DONE;

  private ApiServer(HttpServer server, Objects objects) {
    this.server = server;
    this.objects = objects;
  }

  public static ApiServer start(InstantSource clock) {
    return start(clock, 100_000);
  }

  /// Starts one that forgets.
  ///
  /// @param remembers how many changes; who watches from before them has to begin anew
  public static ApiServer start(InstantSource clock, int remembers) {
    try {
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      HttpServer server = HttpServer.create(address, 256);
      int place = server.getAddress().getPort();
      var api = new ApiServer(server, new Objects(clock, remembers, place));
      api.server.setExecutor(api.threads);
      api.server.createContext("/", api::handle);
      api.server.start();
      return api;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Objects objects() {
    return objects;
  }

  public int port() {
    return server.getAddress().getPort();
  }

  public int requests() {
    return requests.get();
  }

  /// The settings of a client with this name.
  public Config config(String token) {
    return new ConfigBuilder()
        .withMasterUrl("http://127.0.0.1:" + port())
        .withOauthToken(token)
        .withNamespace("mcp")
        .withOnlyHttpWatches(true)
        .withHttp2Disable(true)
        .withRequestRetryBackoffLimit(0)
        .withWatchReconnectInterval(20)
        // Nothing here hangs: only a stalled machine takes this long.
        .withConnectionTimeout(30_000)
        .withRequestTimeout(30_000)
        .build();
  }

  /// From now on clients of this name may do this and nothing else; who is not named may do all.
  public void permit(String token, Rights permitted) {
    rights.put(token, permitted);
  }

  /// What was asked for without the right to it.
  public List<String> forbidden() {
    return List.copyOf(forbidden);
  }

  public void decide(Fates decided) {
    fates = decided;
  }

  /// From now on nothing of this client gets through, as if its process were killed.
  public void kill(String token) {
    dead.add(token);
    closeWatches();
  }

  /// Watches of this kind tell nothing from now on, not even what they were about to; later they
  /// tell what they have missed.
  public void mute(Kind kind) throws InterruptedException {
    muted.add(kind);
    closeWatches();
    int epoch = watchEpoch.get();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (watches.stream().anyMatch(watch -> watch.kind == kind && watch.epoch < epoch)) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("A watch of " + kind + " does not end");
      }
      long _ = objects.awaitAfter(Long.MAX_VALUE, 10);
    }
  }

  public void unmute(Kind kind) {
    muted.remove(kind);
  }

  public void closeWatches() {
    watchEpoch.incrementAndGet();
  }

  /// As after a compaction: all watches end, and none can go on where it was.
  public void expireWatches() {
    objects.forget();
    closeWatches();
  }

  @Override
  public void close() {
    closeWatches();
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.incrementAndGet();
      Matcher path = PATH.matcher(exchange.getRequestURI().getPath());
      Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
      if (!path.matches()) {
        refuse(exchange, new Refused(404, "NotFound", "no such path"));
        return;
      }
      String group = path.group("group") == null ? "" : path.group("group");
      Kind kind = Kind.of(group, path.group("version"), path.group("plural")).orElse(null);
      if (kind == null) {
        refuse(exchange, new Refused(404, "NotFound", "no such kind"));
        return;
      }
      String authorization = exchange.getRequestHeaders().getFirst("Authorization");
      var request =
          new Request(
              exchange.getRequestMethod(),
              kind,
              path.group("name") == null ? "" : path.group("name"),
              path.group("sub") != null,
              query.getOrDefault("watch", "").equals("true"),
              authorization == null ? "" : authorization.replace("Bearer ", ""));
      serve(exchange, request, path.group("ns"), query);
    }
  }

  private void serve(
      HttpExchange exchange, Request request, String namespace, Map<String, String> query)
      throws IOException {
    if (dead.contains(request.token())) {
      return;
    }
    Fate fate = fates.of(request);
    switch (fate) {
      case BROKEN -> {}
      case CONFLICT -> refuse(exchange, Refused.conflict("the object has been modified"));
      case TOO_MANY -> refuse(exchange, new Refused(429, "TooManyRequests", "too many requests"));
      case ERROR -> refuse(exchange, new Refused(500, "InternalError", "etcdserver: timed out"));
      case DONE, UNANSWERED -> {
        try {
          authorize(request, namespace, query);
          if (request.watch()) {
            watch(exchange, request, namespace, query);
            return;
          }
          String answer = answer(exchange, request, namespace, query);
          // Who was killed meanwhile hears nothing.
          if (fate == Fate.DONE && !dead.contains(request.token())) {
            send(exchange, request.method().equals("POST") ? 201 : 200, answer);
          }
        } catch (Refused e) {
          refuse(exchange, e);
        }
      }
    }
  }

  /// Refuses what the client has no right to.
  private void authorize(Request request, String namespace, Map<String, String> query) {
    Rights permitted = rights.get(request.token());
    if (permitted == null) {
      return;
    }
    String field = query.getOrDefault("fieldSelector", "");
    String name = field.startsWith(BY_NAME) ? field.substring(BY_NAME.length()) : request.name();
    require(permitted, request, namespace, verb(request), name);
    // Who applies what is not there makes it.
    if (request.method().equals("PATCH")
        && objects.find(request.kind(), namespace, name).isEmpty()) {
      require(permitted, request, namespace, "create", "");
    }
  }

  private void require(
      Rights permitted, Request request, String namespace, String verb, String name) {
    if (!permitted.allow(namespace, verb, request.kind(), request.status(), name)) {
      String message =
          "User \"%s\" cannot %s resource \"%s%s\" in the namespace \"%s\""
              .formatted(
                  request.token(),
                  verb,
                  request.kind().plural,
                  request.status() ? "/status" : "",
                  namespace);
      forbidden.add(message);
      throw new Refused(403, "Forbidden", message);
    }
  }

  private static String verb(Request request) {
    boolean one = !request.name().isEmpty();
    return switch (request.method()) {
      case "GET" -> request.watch() ? "watch" : one ? "get" : "list";
      case "POST" -> "create";
      case "PUT" -> "update";
      case "PATCH" -> "patch";
      case "DELETE" -> one ? "delete" : "deletecollection";
      default -> request.method();
    };
  }

  private String answer(
      HttpExchange exchange, Request request, String namespace, Map<String, String> query)
      throws IOException {
    byte[] bytes = exchange.getRequestBody().readAllBytes();
    JsonNode body = bytes.length == 0 ? Objects.JSON.createObjectNode() : read(exchange, bytes);
    Kind kind = request.kind();
    String name = request.name();
    return switch (request.method()) {
      case "GET" ->
          name.isEmpty()
              ? list(kind, namespace, query)
              : objects
                  .find(kind, namespace, name)
                  .orElseThrow(() -> Refused.notFound(kind, name))
                  .toString();
      case "POST" -> objects.create(kind, namespace, (ObjectNode) body).toString();
      case "PUT" ->
          objects.replace(kind, namespace, name, (ObjectNode) body, request.status()).toString();
      case "PATCH" -> patch(exchange, request, namespace, query, body).toString();
      case "DELETE" -> {
        objects.delete(kind, namespace, name, body);
        yield "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Success\"}";
      }
      default -> throw new Refused(405, "MethodNotAllowed", request.method());
    };
  }

  private ObjectNode patch(
      HttpExchange exchange,
      Request request,
      String namespace,
      Map<String, String> query,
      JsonNode given) {
    if (!(given instanceof ObjectNode body)) {
      throw new Refused(415, "UnsupportedMediaType", "only objects are taken as patches");
    }
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    Kind kind = request.kind();
    String name = request.name();
    if (type.startsWith("application/apply-patch+yaml")) {
      String manager = query.getOrDefault("fieldManager", "");
      return objects.apply(kind, namespace, name, manager, body, request.status());
    }
    if (type.startsWith("application/merge-patch+json")
        || type.startsWith("application/strategic-merge-patch+json")) {
      return objects.merge(kind, namespace, name, body, request.status());
    }
    throw new Refused(415, "UnsupportedMediaType", type);
  }

  private static JsonNode read(HttpExchange exchange, byte[] bytes) {
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    boolean yaml = type != null && type.contains("yaml");
    return yaml ? new YAMLMapper().readTree(bytes) : Objects.JSON.readTree(bytes);
  }

  private String list(Kind kind, String namespace, Map<String, String> query) {
    ObjectNode list = Objects.JSON.createObjectNode();
    list.put("kind", kind.name + "List");
    list.put("apiVersion", kind.apiVersion());
    list.putObject("metadata").put("resourceVersion", Long.toString(objects.version()));
    var items = list.putArray("items");
    objects.list(kind).stream()
        .filter(object -> selects(object, namespace, query))
        .forEach(items::add);
    return list.toString();
  }

  private void watch(
      HttpExchange exchange, Request request, String namespace, Map<String, String> query)
      throws IOException {
    var watch = new Watch(request.kind(), watchEpoch.get());
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      watches.add(watch);
      out.flush();
      try {
        tell(watch, request, namespace, query, out);
      } catch (Refused e) {
        // As long as the answer is open: one that ends without a word is gone on with.
        out.write(error(e).getBytes(StandardCharsets.UTF_8));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      watches.remove(watch);
    }
  }

  private void tell(
      Watch watch, Request request, String namespace, Map<String, String> query, OutputStream out)
      throws IOException, InterruptedException {
    long since = Long.parseLong(query.getOrDefault("resourceVersion", "0"));
    while (watch.epoch == watchEpoch.get() && !dead.contains(request.token())) {
      if (muted.contains(request.kind())) {
        long _ = objects.awaitAfter(Long.MAX_VALUE, 20);
        continue;
      }
      List<Change> changes =
          objects.changesAfter(
              since,
              request.kind(),
              change ->
                  selects(change.before(), namespace, query)
                      || selects(change.after(), namespace, query),
              50);
      for (Change change : changes) {
        since = change.version();
        out.write(event(change, namespace, query).getBytes(StandardCharsets.UTF_8));
      }
      out.flush();
    }
  }

  /// One that tells; not a record, since two may look the same.
  private static final class Watch {
    final Kind kind;
    final int epoch;

    Watch(Kind kind, int epoch) {
      this.kind = kind;
      this.epoch = epoch;
    }
  }

  private static String event(Change change, String namespace, Map<String, String> query) {
    boolean was = selects(change.before(), namespace, query);
    boolean is = selects(change.after(), namespace, query);
    ObjectNode event = Objects.JSON.createObjectNode();
    event.put("type", !was ? "ADDED" : is ? "MODIFIED" : "DELETED");
    ObjectNode object = is ? change.after() : change.before();
    event.set("object", object);
    return event + "\n";
  }

  private static boolean selects(
      @Nullable ObjectNode object, String namespace, Map<String, String> query) {
    if (object == null || !Objects.metadata(object).get("namespace").asString().equals(namespace)) {
      return false;
    }
    String field = query.getOrDefault("fieldSelector", "");
    if (field.startsWith(BY_NAME) && !field.equals(BY_NAME + Objects.name(object))) {
      return false;
    }
    JsonNode labels = Objects.metadata(object).path("labels");
    return Arrays.stream(query.getOrDefault("labelSelector", "").split(","))
        .filter(part -> !part.isEmpty())
        .map(part -> part.split("=", 2))
        .allMatch(part -> labels.path(part[0]).asString("").equals(part[1]));
  }

  private static String error(Refused e) {
    ObjectNode event = Objects.JSON.createObjectNode();
    event.put("type", "ERROR");
    event.set("object", status(e));
    return event + "\n";
  }

  private static ObjectNode status(Refused e) {
    ObjectNode status = Objects.JSON.createObjectNode();
    status.put("kind", "Status");
    status.put("apiVersion", "v1");
    status.put("status", "Failure");
    status.put("message", e.getMessage());
    status.put("reason", e.reason);
    status.put("code", e.code);
    return status;
  }

  private static void refuse(HttpExchange exchange, Refused e) throws IOException {
    send(exchange, e.code, status(e).toString());
  }

  private static void send(HttpExchange exchange, int code, String json) throws IOException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static Map<String, String> query(@Nullable String raw) {
    var query = new HashMap<String, String>();
    if (raw != null) {
      for (String pair : List.of(raw.split("&", -1))) {
        String[] parts = pair.split("=", 2);
        query.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
      }
    }
    return query;
  }
}
