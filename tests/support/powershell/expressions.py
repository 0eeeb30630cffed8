"""Expressions of PowerShell, as far as the scripts of infra/permissions use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.powershell.syntax import Node, arguments_of, inside, scoped_by_mistake, text_of
from tests.support.powershell.values import Thing, Thrown, compared, shown, true


class Expressions:
    """Evaluates each kind of expression; a subclass runs the script."""

    script: Path
    variables: dict[str, Any]

    def value(self, node: Node) -> Any:
        """Return an expression's value."""
        raise NotImplementedError

    def statements(self, block: Node) -> list[Any]:
        """Return the output of a block's statements."""
        raise NotImplementedError

    def should_process(self, target: Any, action: Any) -> bool:
        """Return whether to do it, like $PSCmdlet.ShouldProcess."""
        raise NotImplementedError

    def _value_variable(self, node: Node) -> Any:
        name = text_of(node).strip("${}").lower()
        if name not in self.variables:
            raise Thrown(f"{self.script.name}:{node.start_point[0] + 1}: ${name} has not been set")
        return self.variables[name]

    _value_braced_variable = _value_variable

    def _value_verbatim_string_characters(self, node: Node) -> str:
        return text_of(node)[1:-1].replace("''", "'")

    def _value_generic_token(self, node: Node) -> str:
        return text_of(node)

    def _value_decimal_integer_literal(self, node: Node) -> int:
        return int(text_of(node))

    def _value_expandable_string_literal(self, node: Node) -> str:
        source, start = node.text or b"", node.start_byte
        assert b"`" not in source, "escapes are not used here"
        text, at = "", 1
        for child in node.named_children:
            text += source[at : child.start_byte - start].decode().replace('""', '"')
            at = child.end_byte - start
            if scoped_by_mistake(child, source[at:]):
                raise SyntaxError(f"{self.script.name}: {text_of(child)}: means a scope, write ${{…}}:")
            text += shown(self.value(child))
        return text + source[at:-1].decode().replace('""', '"')

    def _value_sub_expression(self, node: Node) -> Any:
        found = [item for child in node.named_children for item in self.statements(child)]
        return found[0] if len(found) == 1 else found

    def _value_array_expression(self, node: Node) -> list[Any]:
        return [item for child in node.named_children for item in self.statements(child)]

    def _value_parenthesized_expression(self, node: Node) -> Any:
        return self.value(node.named_children[0])

    def _value_hash_literal_expression(self, node: Node) -> dict[str, Any]:
        entries = [child for child in inside(node) if child.type == "hash_entry"]
        return {text_of(e.named_children[0]): self.value(e.named_children[1]) for e in entries}

    def _value_expression_with_unary_operator(self, node: Node) -> bool:
        assert text_of(node).startswith("-not ")
        return not true(self.value(node.named_children[0]))

    def _value_additive_expression(self, node: Node) -> Any:
        left, right = map(self.value, node.named_children)
        if len(node.named_children) == 2 and isinstance(left, list):
            return left + (right if isinstance(right, list) else [right])
        raise NotImplementedError(text_of(node))

    def _value_logical_expression(self, node: Node) -> Any:
        operator = text_of(node.children[1])
        left = true(self.value(node.children[0]))
        assert operator in ("-and", "-or")
        if left is (operator == "-or"):
            return left
        return true(self.value(node.children[2]))

    def _value_comparison_expression(self, node: Node) -> Any:
        first, operator, second = node.named_children
        return compared(text_of(operator), self.value(first), self.value(second))

    def _value_member_access(self, node: Node) -> Any:
        owner, name = node.named_children
        if text_of(node) == "[Environment]::NewLine":
            return "\n"
        thing = self.value(owner)
        if isinstance(thing, list) and text_of(name) == "Count":
            return len(thing)
        if isinstance(thing, dict):
            thing = Thing(**thing)
        if not isinstance(thing, Thing) or text_of(name).lower() not in thing:
            raise Thrown(f"{self.script.name}:{node.start_point[0] + 1}: no property {text_of(name)}: {text_of(node)}")
        return thing[text_of(name).lower()]

    def _value_element_access(self, node: Node) -> Any:
        owner, index = map(self.value, node.named_children)
        return owner[index]

    def _value_invokation_expression(self, node: Node) -> Any:
        owner, name, *rest = node.named_children
        given = [self.value(one) for one in arguments_of(rest)]
        if text_of(owner) == "$PSCmdlet":
            assert text_of(name) == "ShouldProcess"
            return self.should_process(*given)
        text = self.value(owner)
        assert isinstance(text, str)
        if text_of(name) == "Replace":
            return text.replace(*given)
        assert text_of(name) == "Contains"
        return text.__contains__(*given)
