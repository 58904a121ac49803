/// An API server for tests that is as strict as the real one where the operator depends on it.
@NullMarked
package io.reflow.operator.testing;

import org.jspecify.annotations.NullMarked;
