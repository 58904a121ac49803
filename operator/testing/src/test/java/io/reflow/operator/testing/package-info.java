@NullMarked
package io.reflow.operator.testing;

import org.jspecify.annotations.NullMarked;
