package io.reflow.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.reflow.operator.crd.InstanceName;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import io.reflow.operator.testing.Image;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Instances.Draft;
import io.reflow.operator.testing.Kind;
import io.reflow.operator.testing.Node;
import io.reflow.operator.testing.Rights;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Pods that are real programs, from the instance to the program's own word, with no more rights
/// than the chart gives.
class RealProgramsTest {

  private static final String TELLS = "ghcr.io/acme/tells:1";
  private static final String ENDS = "ghcr.io/acme/ends:1";

  private final OperatorFixture cluster = OperatorFixture.withoutKubelet();
  private final Node node =
      Node.start(
          cluster.api,
          cluster.clock,
          Map.of(
              TELLS,
              Image.of(TellingProgram.command()),
              ENDS,
              Image.of(List.of("sh", "-c", "echo no database >&2; exit 7"))));
  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeEach
  void setUp() {
    cluster.api.permit("gateway", Rights.gateway(Instances.NAMESPACE));
    cluster.api.permit("operator-1", Rights.operator(Instances.NAMESPACE));
    OperatorFixture.Replica _ = cluster.operator();
  }

  @AfterEach
  void tearDown() throws Exception {
    http.shutdownNow();
    node.close();
    cluster.close();
    assertThat(node.running()).isEmpty();
  }

  @Test
  void eachProgramHasTheVariablesOfItsOwnSecretOnly() throws IOException, InterruptedException {
    McpInstance anna = create("anna", "A-KEY");
    McpInstance bert = create("bert", "B-KEY");

    ready(anna);
    ready(bert);

    assertThat(ask(anna, "/variables"))
        .contains("API_KEY=A-KEY\n", "HOME=/tmp\n", "PLAIN=$(API_KEY) costs $5\n")
        .doesNotContain("B-KEY", "JAVA_HOME");
    assertThat(ask(bert, "/variables")).contains("API_KEY=B-KEY\n").doesNotContain("A-KEY");
    assertThat(ask(anna, "/arguments")).isEqualTo("one $(two)");
    assertThat(node.running()).hasSize(2);
  }

  @Test
  void aDeletedInstanceLeavesNoProgramBehind() {
    McpInstance anna = create("anna", "A-KEY");
    ready(anna);
    ProcessHandle program = node.running(name(anna)).orElseThrow().program();

    var _ = cluster.gateway.resource(anna).delete();

    cluster.await("the end of the program", () -> !program.isAlive());
    cluster.await("nothing of it", () -> cluster.api.objects().list(Kind.POD).isEmpty());
    assertThat(cluster.api.objects().list(Kind.SECRET)).isEmpty();
    assertThatThrownBy(() -> node.lookup(host(anna))).isInstanceOf(UnknownHostException.class);
  }

  @Test
  void aProgramThatEndsIsReplacedAndRefusesCallsMeanwhile()
      throws IOException, InterruptedException {
    McpInstance anna = create("anna", "A-KEY");
    ready(anna);
    URI address = address(anna, "/end");

    assertThatThrownBy(() -> get(address)).isInstanceOf(IOException.class);

    cluster.await("an exit code", () -> message(anna).contains("exit code 3 (Error)"));
    cluster.await("refused connections", () -> refuses(address(anna, "/health")));
    cluster.clock.forward(Duration.ofSeconds(11));
    ready(anna);
    assertThat(ask(anna, "/health")).isEqualTo("well");
  }

  @Test
  void aProgramThatDoesNotListenIsMadeToEnd() {
    McpInstance deaf = create(spec("deaf").image(TELLS).args("deaf").build(), "A-KEY");
    ready(deaf);
    ProcessHandle program = node.running(name(deaf)).orElseThrow().program();

    var _ = cluster.gateway.resource(deaf).delete();

    cluster.await("the end of the program", () -> !program.isAlive());
  }

  @Test
  void theMessageSaysWhatIsWrongWithAPod() {
    McpInstance ends = create(spec("ends").image(ENDS).build(), "A-KEY");
    McpInstance unknown = create(spec("unknown").image("ghcr.io/acme/none:1").build(), "A-KEY");
    McpInstance poor = cluster.create(spec("poor").image(TELLS).secretRef(secret("poor")).build());

    cluster.await("an exit code", () -> message(ends).contains("exit code 7 (Error)"));
    cluster.await("no image", () -> message(unknown).contains("ErrImagePull"));
    cluster.await("no Secret", () -> message(poor).contains("CreateContainerConfigError"));
    assertThat(node.story()).contains("no database");

    makeSecret("poor", "P-KEY");
    ready(poor);
  }

  private McpInstance create(String subject, String key) {
    McpInstanceSpec spec =
        spec(subject)
            .image(TELLS)
            .healthPath("/health")
            .args("one", "$(two)")
            .env("PLAIN", "$(API_KEY) costs $5")
            .build();
    return create(spec, key);
  }

  private McpInstance create(McpInstanceSpec spec, String key) {
    makeSecret(spec.subjectKey(), key);
    McpInstance made = cluster.create(spec);
    own(made);
    return made;
  }

  private void own(McpInstance owner) {
    var reference =
        new OwnerReferenceBuilder()
            .withApiVersion(owner.getApiVersion())
            .withKind(owner.getKind())
            .withName(name(owner))
            .withUid(owner.getMetadata().getUid())
            .build();
    String patch =
        Serialization.asJson(Map.of("metadata", Map.of("ownerReferences", List.of(reference))));
    // By its name alone the client would read it first, which a gateway may not.
    Secret named =
        new SecretBuilder()
            .withNewMetadata()
            .withName(owner.getSpec().secretRef())
            .withNamespace(Instances.NAMESPACE)
            .endMetadata()
            .build();
    Secret _ = cluster.gateway.resource(named).patch(PatchContext.of(PatchType.JSON_MERGE), patch);
  }

  private static Draft spec(String subject) {
    return new Draft(subject).secretRef(secret(subject));
  }

  private static String secret(String subject) {
    return InstanceName.secret(InstanceName.of("target-1", subject), "r1");
  }

  private void makeSecret(String subject, String key) {
    var _ =
        cluster
            .gateway
            .resource(
                new SecretBuilder()
                    .withNewMetadata()
                    .withName(secret(subject))
                    .withNamespace(Instances.NAMESPACE)
                    .endMetadata()
                    .withStringData(Map.of("API_KEY", key))
                    .withImmutable(true)
                    .build())
            .create();
  }

  private void ready(McpInstance instance) {
    try {
      cluster.awaitPhase(instance, Phase.READY);
      cluster.await("an open door", () -> opens(address(instance, "/health")));
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + node.story(), e);
    }
  }

  private String message(McpInstance instance) {
    return cluster
        .api
        .objects()
        .find(Kind.INSTANCE, Instances.NAMESPACE, name(instance))
        .map(found -> found.at("/status/message").asString(""))
        .orElse("");
  }

  private String ask(McpInstance instance, String path) throws IOException, InterruptedException {
    return get(address(instance, path));
  }

  private String get(URI address) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(30)).build();
    return http.send(request, BodyHandlers.ofString()).body();
  }

  private boolean opens(URI address) throws InterruptedException {
    try {
      String _ = get(address);
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /// Until the node has noticed that there is no pod, connections are taken and break.
  private boolean refuses(URI address) throws InterruptedException {
    try {
      String _ = get(address);
      return false;
    } catch (ConnectException _) {
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /// The address in the status, its name resolved as in a cluster.
  private URI address(McpInstance instance, String path) throws UnknownHostException {
    InetAddress found = node.lookup(host(instance));
    return URI.create("http://%s:3001%s".formatted(found.getHostAddress(), path));
  }

  private String host(McpInstance instance) {
    String url =
        cluster
            .api
            .objects()
            .find(Kind.INSTANCE, Instances.NAMESPACE, name(instance))
            .map(found -> found.at("/status/serviceURL").asString(""))
            .orElse("http://%s.mcp.svc:3001".formatted(name(instance)));
    return URI.create(url).getHost();
  }

  private static String name(McpInstance instance) {
    return instance.getMetadata().getName();
  }
}
