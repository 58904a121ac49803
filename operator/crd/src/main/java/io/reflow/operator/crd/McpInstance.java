package io.reflow.operator.crd;

import static io.fabric8.crd.generator.annotation.AdditionalPrinterColumn.Type.DATE;
import static io.fabric8.crd.generator.annotation.AdditionalPrinterColumn.Type.STRING;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/// One MCP server that the gateway wants to run as a pod, for those who share a subject key.
///
/// The gateway alone writes metadata and spec, the operator alone writes the status.
@Group(McpInstance.GROUP)
@Version(McpInstance.VERSION)
@Kind(McpInstance.KIND)
@Singular("mcpinstance")
@Plural("mcpinstances")
@ShortNames("mcpi")
@AdditionalPrinterColumn(name = "Target", jsonPath = ".spec.targetName", type = STRING)
@AdditionalPrinterColumn(name = "Phase", jsonPath = ".status.phase", type = STRING)
@AdditionalPrinterColumn(name = "Used", jsonPath = ".status.lastUsedAt", type = DATE)
@AdditionalPrinterColumn(name = "Age", jsonPath = ".metadata.creationTimestamp", type = DATE)
@AdditionalPrinterColumn(name = "Image", jsonPath = ".spec.image", type = STRING, priority = 1)
@AdditionalPrinterColumn(
    name = "Subject",
    jsonPath = ".spec.subjectKey",
    type = STRING,
    priority = 1)
@AdditionalPrinterColumn(
    name = "Message",
    jsonPath = ".status.message",
    type = STRING,
    priority = 1)
@ValidationRule(
    value = "self.metadata.name.matches('^mcp-[a-z2-7]{52}$')",
    message = "the name is derived from targetID and subjectKey: mcp-, then 52 letters or digits")
@ValidationRule(
    value = "!has(self.spec.secretRef) || self.spec.secretRef.startsWith(self.metadata.name + '.')",
    message = "secretRef is the instance's own Secret: its name, a dot, then a revision")
public final class McpInstance extends CustomResource<McpInstanceSpec, McpInstanceStatus>
    implements Namespaced {

  public static final String GROUP = "mcp.reflow.io";
  public static final String VERSION = "v1alpha1";
  public static final String KIND = "MCPInstance";

  /// The annotation in which the gateway says when the instance was last used, in RFC 3339. It
  /// writes it at most once a minute; it is an annotation so that it changes neither the spec's
  /// generation nor what the operator owns.
  public static final String LAST_USED_AT = "mcp.reflow.io/last-used-at";

  private static final long serialVersionUID = 1;

  /// Overridden for the schema: an instance without a spec says nothing.
  @Override
  @Required
  public McpInstanceSpec getSpec() {
    return super.getSpec();
  }
}
