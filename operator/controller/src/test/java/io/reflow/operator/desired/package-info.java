@NullMarked
package io.reflow.operator.desired;

import org.jspecify.annotations.NullMarked;
