package io.reflow.operator.testing;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.reflow.operator.crd.InstanceName;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Instances as the gateway writes them.
public final class Instances {

  public static final String NAMESPACE = "mcp";

  private Instances() {}

  public static McpInstance of(String subject) {
    return of(spec(subject));
  }

  public static McpInstance of(McpInstanceSpec spec) {
    var instance = new McpInstance();
    instance.setMetadata(
        new ObjectMetaBuilder()
            .withName(InstanceName.of(spec.targetID(), spec.subjectKey()))
            .withNamespace(NAMESPACE)
            .build());
    instance.setSpec(spec);
    return instance;
  }

  /// As it is read back from the cluster.
  public static McpInstance stored(McpInstanceSpec spec, String createdAt) {
    McpInstance instance = of(spec);
    instance.getMetadata().setUid("uid-1");
    instance.getMetadata().setGeneration(1L);
    instance.getMetadata().setResourceVersion("7");
    instance.getMetadata().setCreationTimestamp(createdAt);
    return instance;
  }

  public static McpInstanceSpec spec(String subject) {
    return new Draft(subject).build();
  }

  /// A spec with something particular.
  public static final class Draft {

    private final String subject;
    private String image = "ghcr.io/acme/jira:1";
    private @Nullable String healthPath;
    private @Nullable List<String> command;
    private @Nullable List<String> args;
    private @Nullable List<McpInstanceSpec.EnvVar> env;
    private @Nullable String secretRef;
    private McpInstanceSpec.@Nullable Resources resources;
    private @Nullable String idleTtl;
    private @Nullable String maxLifetime;
    private @Nullable String serviceAccount;
    private McpInstanceSpec.@Nullable Network network;
    private @Nullable String runtimeClass;

    public Draft(String subject) {
      this.subject = subject;
    }

    public Draft image(String value) {
      image = value;
      return this;
    }

    public Draft healthPath(String value) {
      healthPath = value;
      return this;
    }

    public Draft command(String... value) {
      command = List.of(value);
      return this;
    }

    public Draft args(String... value) {
      args = List.of(value);
      return this;
    }

    public Draft env(String name, String value) {
      env = List.of(new McpInstanceSpec.EnvVar(name, value));
      return this;
    }

    public Draft secretRef(String value) {
      secretRef = value;
      return this;
    }

    public Draft resources(McpInstanceSpec.Resources value) {
      resources = value;
      return this;
    }

    public Draft idleTtl(String value) {
      idleTtl = value;
      return this;
    }

    public Draft maxLifetime(String value) {
      maxLifetime = value;
      return this;
    }

    public Draft serviceAccount(String value) {
      serviceAccount = value;
      return this;
    }

    public Draft network(McpInstanceSpec.Network value) {
      network = value;
      return this;
    }

    public Draft runtimeClass(String value) {
      runtimeClass = value;
      return this;
    }

    public McpInstanceSpec build() {
      return new McpInstanceSpec(
          image,
          3001,
          healthPath,
          command,
          args,
          env,
          secretRef,
          resources,
          subject,
          "jira",
          "target-1",
          idleTtl,
          maxLifetime,
          serviceAccount,
          network,
          runtimeClass);
    }
  }
}
