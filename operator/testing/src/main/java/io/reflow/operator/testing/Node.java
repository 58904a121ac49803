package io.reflow.operator.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Plays a node, and the network between nodes: runs the container of each pod as a process of this
/// machine, asks its probes, ends it as a kubelet does, and leads Services to the pods that are
/// ready.
///
/// Services have addresses of their own in 127.0.0.0/8; [#lookup] finds them by the names that a
/// cluster gives them. There are no containers: the user, the file system and the network of the
/// programs are this machine's, and network policies keep nobody apart.
public final class Node implements AutoCloseable {

  private static final Pattern NAME =
      Pattern.compile("([^.]+)\\.([^.]+)\\.svc(\\.cluster\\.local)?");
  private static final Duration LONGEST_GRACE = Duration.ofSeconds(5);

  /// A pod whose program runs.
  public record Running(String pod, ProcessHandle program, int port) {}

  /// Where a Service is, and the program that its next connection leads to.
  private record Route(InetSocketAddress address, int port) {}

  private final Objects objects;
  private final InstantSource clock;
  private final Map<String, Image> images;
  private final Prober prober = new Prober();
  private final Map<String, PodProcess> pods = new ConcurrentHashMap<>();
  private final Map<String, ServiceProxy> services = new HashMap<>();
  private final List<ServiceProxy> former = new ArrayList<>();
  private final Queue<PodProcess> ended = new ConcurrentLinkedQueue<>();
  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private final Thread shutdown = new Thread(this::abandonAll, "node-shutdown");

  private Node(ApiServer api, InstantSource clock, Map<String, Image> images) {
    this.objects = api.objects();
    this.clock = clock;
    this.images = new ConcurrentHashMap<>(images);
    thread = Thread.ofVirtual().name("node").unstarted(this::run);
  }

  /// Starts one.
  ///
  /// @param images what the names of images stand for; others can't be pulled
  public static Node start(ApiServer api, InstantSource clock, Map<String, Image> images) {
    var node = new Node(api, clock, images);
    Runtime.getRuntime().addShutdownHook(node.shutdown);
    node.thread.start();
    return node;
  }

  /// The pods whose programs run now.
  public List<Running> running() {
    return pods.values().stream()
        .flatMap(pod -> pod.program().stream().map(it -> new Running(pod.name(), it, pod.port())))
        .toList();
  }

  /// The pod whose program runs now.
  public Optional<Running> running(String pod) {
    return running().stream().filter(running -> running.pod().equals(pod)).findFirst();
  }

  /// The address of a Service, as the DNS of a cluster tells it.
  public InetAddress lookup(String host) throws UnknownHostException {
    Matcher name = NAME.matcher(host);
    if (!name.matches()) {
      throw new UnknownHostException(host);
    }
    ObjectNode service =
        objects
            .find(Kind.SERVICE, name.group(2), name.group(1))
            .orElseThrow(() -> new UnknownHostException(host));
    return InetAddress.getByName(service.at("/spec/clusterIP").asString());
  }

  /// What happened to all pods, and what their programs said last, for messages of tests.
  public String story() {
    var lines = new StringBuilder();
    List<PodProcess> all = new ArrayList<>(ended);
    all.addAll(pods.values());
    faults.forEach(line -> lines.append(line).append('\n'));
    for (PodProcess pod : all) {
      pod.log().forEach(line -> lines.append(pod.name()).append(": ").append(line).append('\n'));
    }
    return lines.toString();
  }

  @Override
  public void close() {
    try {
      thread.interrupt();
      thread.join();
      boolean _ = Runtime.getRuntime().removeShutdownHook(shutdown);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      abandonAll();
      pods.values().forEach(PodProcess::awaitEnd);
      services.values().forEach(ServiceProxy::close);
      former.forEach(ServiceProxy::close);
      prober.close();
    }
  }

  private void abandonAll() {
    pods.values().forEach(PodProcess::abandon);
  }

  private void run() {
    try {
      long seen = 0;
      while (true) {
        seen = objects.awaitAfter(seen, 100);
        List<ObjectNode> all = objects.list(Kind.POD);
        host(all);
        route(all);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void host(List<ObjectNode> all) {
    var there = new HashSet<String>();
    for (ObjectNode pod : all) {
      there.add(uid(pod));
      PodProcess process = pods.computeIfAbsent(uid(pod), _ -> begin(pod));
      if (Objects.metadata(pod).has("deletionTimestamp")) {
        process.end(grace(pod));
      }
    }
    for (var entry : Map.copyOf(pods).entrySet()) {
      if (!there.contains(entry.getKey())) {
        entry.getValue().end(Duration.ZERO);
        if (entry.getValue().over()) {
          pods.remove(entry.getKey());
          ended.add(entry.getValue());
        }
      }
    }
  }

  private PodProcess begin(ObjectNode pod) {
    var process = new PodProcess(objects, clock, prober, images, pod);
    process.start();
    return process;
  }

  private static Duration grace(ObjectNode pod) {
    var asked = Duration.ofSeconds(pod.at("/spec/terminationGracePeriodSeconds").asInt(30));
    return asked.compareTo(LONGEST_GRACE) < 0 ? asked : LONGEST_GRACE;
  }

  /// As kube-proxy does it: from what the API server says of Services and pods.
  private void route(List<ObjectNode> all) {
    Map<String, Route> wanted = new HashMap<>();
    for (ObjectNode service : objects.list(Kind.SERVICE)) {
      all.stream()
          .filter(pod -> serves(pod, service))
          .flatMap(pod -> Optional.ofNullable(pods.get(uid(pod))).stream())
          .findFirst()
          .ifPresent(process -> wanted.put(uid(service), route(service, process)));
    }
    for (String gone : Set.copyOf(services.keySet())) {
      if (!wanted.containsKey(gone)) {
        ServiceProxy proxy = services.remove(gone);
        if (proxy != null) {
          proxy.refuse();
          former.add(proxy);
        }
      }
    }
    wanted.forEach(this::lead);
  }

  private void lead(String service, Route route) {
    ServiceProxy proxy = services.get(service);
    if (proxy != null) {
      proxy.leadTo(route.port());
      return;
    }
    try {
      services.put(service, ServiceProxy.open(route.address(), route.port()));
    } catch (IOException e) {
      faults.add("The service can't have its address %s: %s".formatted(route.address(), e));
    }
  }

  private static Route route(ObjectNode service, PodProcess process) {
    String address = service.at("/spec/clusterIP").asString();
    int port = service.at("/spec/ports/0/port").asInt();
    return new Route(new InetSocketAddress(address, port), process.port());
  }

  private static boolean serves(ObjectNode pod, ObjectNode service) {
    JsonNode labels = Objects.metadata(pod).path("labels");
    return Objects.metadata(pod)
            .path("namespace")
            .equals(Objects.metadata(service).path("namespace"))
        && !Objects.metadata(pod).has("deletionTimestamp")
        && service
            .at("/spec/selector")
            .propertyStream()
            .allMatch(entry -> labels.path(entry.getKey()).equals(entry.getValue()))
        && pod.at("/status/conditions")
            .valueStream()
            .anyMatch(condition ->
                condition.path("type").asString().equals("Ready")
                    && condition.path("status").asString().equals("True"));
  }

  private static String uid(ObjectNode object) {
    return Objects.metadata(object).get("uid").asString();
  }
}
