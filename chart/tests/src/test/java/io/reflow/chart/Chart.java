package io.reflow.chart;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// The chart of this repository, and Helm.
final class Chart {

  static final Path FOLDER = Path.of("..");
  static final String RELEASE = "reflow-gateway";
  static final String NAMESPACE = "tools";

  /// The annotation of what is a hook.
  static final String HOOK = "example.com/hook";

  /// What the models of the tests are of.
  private static final String KUBERNETES = "v1.34.0";

  /// A key that stands in an object twice is a mistake.
  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private Chart() {}

  static JsonNode yaml(String text) {
    return YAML.readTree(text);
  }

  static JsonNode file(String name) {
    return yaml(text(FOLDER.resolve(name)));
  }

  static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// All objects that these values lead to, hooks and tests among them.
  ///
  /// What Helm renders here has no hooks in it; under another annotation they are there.
  static List<JsonNode> render(String values) {
    String text =
        within(folder ->
            new Helm(unhooked(folder.resolve("chart")))
                .template()
                .withName(RELEASE)
                .withNamespace(NAMESPACE)
                .withKubeVersion(KUBERNETES)
                .withValuesFile(Files.writeString(folder.resolve("values.yaml"), values))
                .call());
    var objects = new ArrayList<JsonNode>();
    for (String document : text.split("(?m)^---\\s*$", -1)) {
      JsonNode object = yaml(document);
      if (object != null && object.isObject()) {
        objects.add(object);
      }
    }
    return objects;
  }

  /// What Helm tells whoever installs the chart.
  static String notes(String values) {
    return within(folder ->
        new Helm(FOLDER)
            .install()
            .clientOnly()
            .dryRun()
            .withName(RELEASE)
            .withNamespace(NAMESPACE)
            .withKubeVersion(KUBERNETES)
            .withValuesFile(Files.writeString(folder.resolve("values.yaml"), values))
            .call()
            .getOutput());
  }

  /// Lints the chart with these values as its own.
  static LintResult lint(String values) {
    return within(folder -> {
      copy(FOLDER.toAbsolutePath().normalize(), folder);
      String merged = merged(text(FOLDER.resolve("values.yaml")), values);
      Files.writeString(folder.resolve("values.yaml"), merged);
      return new Helm(folder).lint().strict().call();
    });
  }

  /// Values with others over them, as Helm puts them together.
  static String merged(String values, String over) {
    return YAML.writeValueAsString(merge((ObjectNode) yaml(values), yaml(over)));
  }

  private static Path unhooked(Path folder) throws IOException {
    copy(FOLDER.toAbsolutePath().normalize(), folder);
    try (Stream<Path> templates = Files.walk(folder.resolve("templates"))) {
      for (Path template : templates.filter(Files::isRegularFile).toList()) {
        Files.writeString(template, text(template).replace("helm.sh/hook:", HOOK + ":"));
      }
    }
    return folder;
  }

  private static JsonNode merge(ObjectNode under, JsonNode over) {
    over.propertyStream()
        .forEach(entry -> {
          JsonNode old = under.get(entry.getKey());
          boolean both = old instanceof ObjectNode && entry.getValue().isObject();
          if (entry.getValue().isNull()) {
            under.remove(entry.getKey());
          } else {
            under.set(
                entry.getKey(),
                both ? merge((ObjectNode) old, entry.getValue()) : entry.getValue());
          }
        });
    return under;
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            if (folder.equals(from.resolve("tests"))) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            Files.createDirectories(to.resolve(from.relativize(folder)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(
                file, to.resolve(from.relativize(file)), StandardCopyOption.REPLACE_EXISTING);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  interface Work<T> {
    T in(Path folder) throws IOException;
  }

  /// Does something with a folder that is gone afterwards.
  static <T> T within(Work<T> work) {
    try {
      Path folder = Files.createTempDirectory("chart");
      try {
        return work.in(folder);
      } finally {
        try (Stream<Path> all = Files.walk(folder)) {
          for (Path one : all.sorted((a, b) -> b.compareTo(a)).toList()) {
            Files.delete(one);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
