/// A cluster for tests: an API server that is as strict as the real one where the operator and the
/// gateway depend on it, and kubelets.
@NullMarked
package io.reflow.operator.testing;

import org.jspecify.annotations.NullMarked;
