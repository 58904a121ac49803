/// The operator: runs the instances that the gateway asks for. Only this package sees all others.
@NullMarked
package io.reflow.operator;

import org.jspecify.annotations.NullMarked;
