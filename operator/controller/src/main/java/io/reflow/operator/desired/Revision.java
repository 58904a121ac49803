package io.reflow.operator.desired;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.reflow.operator.crd.McpInstanceSpec;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// What of a spec a pod can't be told while it runs, as a digest.
///
/// Only the spec counts: another operator, or other defaults, do not replace all pods at once. They
/// reach a pod when it is made anew, at the end of its lifetime at the latest.
public final class Revision {

  private static final int LENGTH = 16;

  private Revision() {}

  public static String of(McpInstanceSpec spec) {
    var inPod =
        new McpInstanceSpec(
            spec.image(),
            spec.port(),
            spec.healthPath(),
            spec.command(),
            spec.args(),
            spec.env(),
            spec.secretRef(),
            spec.resources(),
            spec.subjectKey(),
            null,
            spec.targetID(),
            null,
            null,
            spec.serviceAccountName(),
            null,
            spec.runtimeClassName());
    byte[] text = Serialization.asJson(inPod).getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(sha256(text)).substring(0, LENGTH);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }
}
