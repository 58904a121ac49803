package io.reflow.gateway.config;

import io.reflow.gateway.config.ConfigException.Problem;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/// Puts a file and the environment over the defaults. The components of the records are the keys:
/// nothing else says what a key is called or which type it has.
final class Binder {

  private final String file;
  private final References references;
  private final Map<String, String> environment;
  private final Map<String, String> origins = new HashMap<>();
  private final List<Problem> problems = new ArrayList<>();

  Binder(String file, References references, Map<String, String> environment) {
    this.file = file;
    this.references = references;
    this.environment = environment;
  }

  /// @throws ConfigException with every problem there is
  GatewayConfig bind(GatewayConfig defaults, Optional<Node> root) {
    Record bound = section("", defaults, root, true);
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
    return (GatewayConfig) bound;
  }

  /// Whether the file or the environment has a value for the key.
  boolean isGiven(String path) {
    return origins.containsKey(path);
  }

  /// The environment variable that overrides a key.
  static String variable(String path) {
    return path.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /// The keys of a section, as they are written in the file.
  static Map<String, RecordComponent> keys(Class<?> section) {
    Map<String, RecordComponent> keys = new LinkedHashMap<>();
    for (RecordComponent component : section.getRecordComponents()) {
      keys.put(dashed(component.getName()), component);
    }
    return keys;
  }

  static boolean isSection(Class<?> type) {
    return type.isRecord() && type != DataSize.class;
  }

  private Record section(String path, Record defaults, Optional<Node> node, boolean inUse) {
    Map<String, RecordComponent> keys = keys(defaults.getClass());
    Map<String, Node> entries = node.map(it -> entries(path, it, keys)).orElse(Map.of());
    Optional<String> gate =
        Optional.ofNullable(defaults.getClass().getAnnotation(InUseWhen.class))
            .map(InUseWhen::value);
    Map<String, Object> values = new HashMap<>();
    gate.ifPresent(key -> values.put(key, value(path, key, keys, defaults, entries, inUse)));
    boolean used =
        inUse && gate.map(key -> opens(Objects.requireNonNull(values.get(key)))).orElse(true);
    for (String key : keys.keySet()) {
      if (!values.containsKey(key)) {
        values.put(key, value(path, key, keys, defaults, entries, used));
      }
    }
    return create(defaults, keys.keySet().stream().map(values::get).toArray());
  }

  private static boolean opens(Object gate) {
    return gate instanceof Optional<?> optional
        ? optional.isPresent()
        : gate instanceof Boolean enabled && enabled;
  }

  private Map<String, Node> entries(String path, Node node, Map<String, RecordComponent> keys) {
    if (isEmpty(node)) {
      return Map.of();
    }
    if (!(node instanceof MappingNode mapping)) {
      report(path, "found %s, allowed is a section with %s".formatted(kind(node), list(keys)));
      return Map.of();
    }
    Map<String, Node> entries = new HashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      String key = tuple.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "?";
      String at = " (%s)".formatted(line(tuple.getKeyNode()));
      if (!keys.containsKey(key)) {
        report(join(path, key) + at, "is not a key; there are " + list(keys));
      } else if (entries.put(key, tuple.getValueNode()) != null) {
        report(join(path, key) + at, "stands there twice");
      }
    }
    return entries;
  }

  private Object value(
      String path,
      String key,
      Map<String, RecordComponent> keys,
      Record defaults,
      Map<String, Node> entries,
      boolean used) {
    RecordComponent component = Objects.requireNonNull(keys.get(key));
    Object fallback = get(component, defaults);
    String full = join(path, key);
    Optional<Node> node = Optional.ofNullable(entries.get(key));
    if (isSection(component.getType())) {
      return section(full, (Record) fallback, node, used);
    }
    try {
      return leaf(full, component.getGenericType(), fallback, node, used);
    } catch (IllegalArgumentException e) {
      report(full, Objects.requireNonNull(e.getMessage()));
      return fallback;
    }
  }

  private Object leaf(String path, Type type, Object fallback, Optional<Node> node, boolean used) {
    String variable = variable(path);
    String overriding = environment.get(variable);
    if (overriding != null && !overriding.isEmpty()) {
      origins.put(path, "environment variable " + variable);
      return convert(type, split(type, overriding));
    }
    if (node.isEmpty()) {
      return fallback;
    }
    refuseMisread(node.get());
    if (isEmpty(node.get())) {
      return fallback;
    }
    List<String> texts = texts(type, node.get());
    if (!used && texts.stream().anyMatch(References::isIn)) {
      return fallback;
    }
    origins.put(path, line(node.get()));
    if (node.get() instanceof SequenceNode) {
      return convert(type, texts.stream().map(references::resolve).toList());
    }
    return convert(type, split(type, references.resolve(texts.getFirst())));
  }

  /// To YAML a value that begins with `&` or `!` is an anchor or a tag with nothing behind it.
  private static void refuseMisread(Node node) {
    boolean anchored = isEmpty(node) && node.getAnchor() != null;
    if (anchored || !node.getTag().startsWith(Tag.PREFIX)) {
      throw new IllegalArgumentException("begins with '&' or '!', so it must stand in quotes");
    }
  }

  private static List<String> texts(Type type, Node node) {
    if (node instanceof ScalarNode scalar) {
      return List.of(scalar.getValue());
    }
    if (node instanceof SequenceNode sequence && raw(type) == List.class) {
      return sequence.getValue().stream()
          .map(it -> {
            if (it instanceof ScalarNode scalar && !isEmpty(it)) {
              return scalar.getValue();
            }
            throw new IllegalArgumentException(
                "found %s in the list, allowed are single values".formatted(kind(it)));
          })
          .toList();
    }
    throw new IllegalArgumentException(
        "found %s, allowed is %s"
            .formatted(kind(node), raw(type) == List.class ? "a list" : "a single value"));
  }

  private static List<String> split(Type type, String text) {
    if (raw(type) != List.class) {
      return List.of(text);
    }
    return Stream.of(text.split(",")).map(String::strip).filter(it -> !it.isEmpty()).toList();
  }

  private static Object convert(Type type, List<String> texts) {
    if (raw(type) == List.class) {
      return texts.stream().map(it -> single(argument(type), it)).toList();
    }
    String text = texts.getFirst();
    if (raw(type) == Optional.class) {
      return text.isEmpty() ? Optional.empty() : Optional.of(single(argument(type), text));
    }
    return single(raw(type), text);
  }

  private static Object single(Class<?> type, String text) {
    try {
      return Values.parse(type, text);
    } catch (IllegalArgumentException e) {
      String found =
          type == Secret.class ? Check.describe(new Secret(text)) : "'%s'".formatted(cut(text));
      throw new IllegalArgumentException(
          "found %s, allowed is %s".formatted(found, e.getMessage()), e);
    }
  }

  private Record create(Record defaults, Object[] values) {
    Class<?>[] types =
        Arrays.stream(defaults.getClass().getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<? extends Record> canonical = defaults.getClass().getDeclaredConstructor(types);
      return canonical.newInstance(values);
    } catch (InvocationTargetException e) {
      if (!(e.getCause() instanceof ConfigException refused)) {
        throw new IllegalStateException("a section failed without a reason", e.getCause());
      }
      refused.problems().forEach(it -> report(it.key(), it.text()));
      return defaults;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private void report(String path, String text) {
    String origin = origins.get(path);
    problems.add(new Problem(origin == null ? path : "%s (%s)".formatted(path, origin), text));
  }

  private String line(Node node) {
    return "line %d of %s".formatted(node.getStartMark().getLine() + 1, file);
  }

  private static boolean isEmpty(Node node) {
    return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
  }

  private static String kind(Node node) {
    return switch (node) {
      case MappingNode _ -> "a section";
      case SequenceNode _ -> "a list";
      default -> "a single value";
    };
  }

  private static Object get(RecordComponent component, Record record) {
    try {
      return Objects.requireNonNull(component.getAccessor().invoke(record));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Class<?> raw(Type type) {
    return (Class<?>) (type instanceof ParameterizedType generic ? generic.getRawType() : type);
  }

  private static Class<?> argument(Type type) {
    return (Class<?>) ((ParameterizedType) type).getActualTypeArguments()[0];
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static String list(Map<String, RecordComponent> keys) {
    return String.join(", ", keys.keySet());
  }

  private static String dashed(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  private static String cut(String text) {
    String line = text.replaceAll("\\p{Cntrl}", " ");
    return line.length() <= 80 ? line : line.substring(0, 80) + "…";
  }
}
