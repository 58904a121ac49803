package io.reflow.gateway.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/// Finds and reads the configuration: the file of `--config`, else that of the environment variable
/// `REFLOW_CONFIG`, else `application.yaml` in the working directory, else the defaults.
///
/// Over the file go environment variables (`SERVER_PORT` for `server.port`; one that is empty
/// counts as not set). Nothing is guessed: an unknown key, a wrong type, a value out of range or a
/// reference to a variable that is not set is a [ConfigException].
public final class ConfigLoader {

  private static final int MAX_CHARACTERS = 1 << 20;

  private final Map<String, String> environment;
  private final Path workingDirectory;

  public ConfigLoader(Map<String, String> environment, Path workingDirectory) {
    this.environment = Map.copyOf(environment);
    this.workingDirectory = workingDirectory;
  }

  /// Finds and reads the configuration.
  ///
  /// @param arguments those of the command line: none, or `--config FILE`
  /// @throws ConfigException with everything that is wrong
  public GatewayConfig load(List<String> arguments) {
    Optional<Path> file = file(arguments);
    return file.isPresent()
        ? read(file.get().toString(), text(file.get()))
        : read("the built-in application.yaml", builtIn());
  }

  GatewayConfig read(String name, String yaml) {
    References references = new References(environment);
    Binder binder = new Binder(name, references, environment);
    GatewayConfig config =
        binder.bind(GatewayConfig.DEFAULTS, compose(name, references.takeOut(yaml)));
    return binder.isGiven("server.public-url") || config.server().port() == 0
        ? config
        : config.withPublicUrl(URI.create("http://localhost:" + config.server().port()));
  }

  private Optional<Path> file(List<String> arguments) {
    Optional<Path> chosen = argument(arguments).map(it -> existing(it, "--config"));
    if (chosen.isPresent()) {
      return chosen;
    }
    String variable = environment.get("REFLOW_CONFIG");
    if (variable != null && !variable.isEmpty()) {
      return Optional.of(existing(variable, "REFLOW_CONFIG"));
    }
    return Optional.of(workingDirectory.resolve("application.yaml")).filter(Files::exists);
  }

  private static Optional<String> argument(List<String> arguments) {
    if (arguments.isEmpty()) {
      return Optional.empty();
    }
    if (arguments.size() == 1 && arguments.getFirst().startsWith("--config=")) {
      return Optional.of(arguments.getFirst().substring("--config=".length()));
    }
    if (arguments.size() == 2 && arguments.getFirst().equals("--config")) {
      return Optional.of(arguments.get(1));
    }
    throw new ConfigException(
        "command line",
        "found '%s', allowed is --config FILE".formatted(String.join(" ", arguments)));
  }

  private Path existing(String name, String origin) {
    Path file = workingDirectory.resolve(name);
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new ConfigException(origin, "there is no readable file '%s'".formatted(file));
    }
    return file;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new ConfigException(file.toString(), "is not UTF-8 text");
    } catch (IOException e) {
      throw new ConfigException(file.toString(), "can't be read: " + e);
    }
  }

  private static String builtIn() {
    try (InputStream resource = ConfigLoader.class.getResourceAsStream("application.yaml")) {
      return new String(Objects.requireNonNull(resource).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The tree of the document. Nothing is constructed from it: tags mean nothing.
  private static Optional<Node> compose(String name, String yaml) {
    LoaderOptions limits = new LoaderOptions();
    limits.setCodePointLimit(MAX_CHARACTERS);
    limits.setNestingDepthLimit(20);
    limits.setMaxAliasesForCollections(20);
    if (yaml.length() > MAX_CHARACTERS) {
      throw new ConfigException(name, "is larger than 1 MiB");
    }
    try {
      ParserImpl parser = new ParserImpl(new StreamReader(new StringReader(yaml)), limits);
      return Optional.ofNullable(new Composer(parser, new Resolver(), limits).getSingleNode());
    } catch (MarkedYAMLException e) {
      String line = e.getProblemMark() == null ? "?" : "" + (e.getProblemMark().getLine() + 1);
      throw new ConfigException("line %s of %s".formatted(line, name), notYaml(e));
    } catch (YAMLException e) {
      throw new ConfigException(name, "is not YAML: it is nested too deeply or malformed");
    }
  }

  /// Without what the parser found for an alias or a tag: that may be a password that begins with
  /// `*` or `!`.
  private static String notYaml(MarkedYAMLException e) {
    String problem = String.valueOf(e.getProblem());
    return problem.contains("alias") || problem.contains("tag")
        ? "is not YAML: a value that begins with '*', '&' or '!' must stand in quotes"
        : "is not YAML: " + problem;
  }
}
