package io.reflow.operator.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec.Destination;
import io.reflow.operator.crd.McpInstanceSpec.Egress;
import io.reflow.operator.crd.McpInstanceSpec.Network;
import io.reflow.operator.testing.Instances.Draft;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

class CrdSchemaTest {

  private final CrdSchema schema = new CrdSchema();

  @Test
  void letsThroughWhatTheGatewayWrites() {
    String name = Instances.of("a").getMetadata().getName();
    var network = new Network(Egress.LIST, List.of(new Destination("10.0.0.0/8", List.of(443))));
    var full =
        new Draft("a")
            .command("node")
            .args("x")
            .env("A_B", "")
            .healthPath("/health")
            .secretRef(name + ".r1")
            .idleTtl("1h30m")
            .maxLifetime("0s")
            .network(network)
            .build();

    assertThat(problems(json(Instances.of(full)))).isEmpty();
    assertThat(schema.rules()).isEqualTo(4);
  }

  @Test
  void hasStatusAsASubresourceAndColumns() {
    JsonNode version = CrdSchema.crd().at("/spec/versions/0");

    assertThat(version.at("/subresources/status").isObject()).isTrue();
    assertThat(
            version
                .path("additionalPrinterColumns")
                .valueStream()
                .map(c -> c.get("name").asString()))
        .contains("Target", "Phase", "Used", "Age", "Image", "Subject", "Message");
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertThat(problems(json(Instances.of(new Draft("").build())))).isNotEmpty();
    assertThat(problems(json(Instances.of(new Draft("a").idleTtl("soon").build())))).isNotEmpty();
    assertThat(problems(json(Instances.of(new Draft("a").healthPath("x").build())))).isNotEmpty();
    assertThat(problems(json(Instances.of(new Draft("a").env("1x", "").build())))).isNotEmpty();
    assertThat(problems(json(Instances.of(new Draft("a").secretRef("their.r1").build()))))
        .singleElement()
        .asString()
        .contains("own Secret");
    var list = new Network(Egress.LIST, null);
    assertThat(problems(json(Instances.of(new Draft("a").network(list).build())))).isNotEmpty();
    ObjectNode noSpec = json(Instances.of("a"));
    noSpec.remove("spec");
    assertThat(problems(noSpec)).isNotEmpty();
  }

  @Test
  void keepsTheSubjectForEver() {
    ObjectNode before = json(Instances.of("a"));
    ObjectNode after = before.deepCopy();
    ((ObjectNode) after.get("spec")).put("subjectKey", "b");

    assertThat(schema.check(after, Optional.of(before)))
        .singleElement()
        .asString()
        .contains("can't change");
  }

  private List<String> problems(ObjectNode object) {
    return schema.check(object, Optional.empty());
  }

  private static ObjectNode json(McpInstance instance) {
    return (ObjectNode) new ObjectMapper().readTree(Serialization.asJson(instance));
  }
}
