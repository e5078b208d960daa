{# How a column is compared that has type a in one relation and type b in the other.
   Templates: the compared values (a, b), the hash's input (hash), each side's values as
   text (text), the compared values as text (shown). Also: whether both types are numbers
   (number), whether the compared values are text (textual), a note on the conversion
   (note), and whether equality can't be decided (undecided). #}
{% macro dot_plan(facts, a, b) %}
  {%- set known_a = dot_type(facts, a) -%}
  {%- set known_b = dot_type(facts, b) -%}
  {%- set classes = [known_a.fact.class, known_b.fact.class] -%}
  {%- set numbers = ['integer', 'decimal', 'float'] -%}
  {%- set plan = {
    'number': classes[0] in numbers and classes[1] in numbers, 'note': '', 'undecided': false,
    'textual': classes == ['text', 'text'],
    'shown': facts.text, 'text': {'a': known_a.fact.text or facts.text, 'b': known_b.fact.text or facts.text},
  } -%}
  {%- set casts = facts.casts -%}
  {%- if a == b or (known_a.base == known_b.base and known_a.base in facts.types and classes[0] != 'decimal') -%}
    {%- set fact = known_a.fact -%}
    {%- do plan.update({'a': fact.value or '{}', 'b': fact.value or '{}', 'hash': fact.hash or '{}'}) -%}
    {%- if fact.text and not fact.value -%}
      {%- do plan.update({'shown': fact.text}) -%}
    {%- endif -%}
    {%- if fact.value and classes[0] == 'other' -%}
      {%- do plan.update({'textual': true}) -%}
    {%- endif -%}
    {{ return(plan) }}
  {%- endif -%}

  {%- set ways = {'a': none, 'b': none} -%}
  {%- set scale = [known_a.scale, known_b.scale] | max -%}
  {%- set fits = not casts.decimal.digits or [known_a.whole, known_b.whole] | max + scale <= casts.decimal.digits -%}
  {%- if classes[0] == classes[1] and classes[0] in ['integer', 'float', 'text', 'timestamp'] -%}
    {%- do ways.update({'a': casts[classes[0]], 'b': casts[classes[0]]}) -%}
  {%- elif plan.number and 'float' not in classes and fits -%}
    {%- do ways.update({'a': casts.decimal, 'b': casts.decimal}) -%}
  {%- elif plan.number and 'float' in classes and casts.exact.value -%}
    {%- do ways.update({
      'a': casts.approximate if classes[0] == 'float' else casts.exact,
      'b': casts.approximate if classes[1] == 'float' else casts.exact,
    }) -%}
    {%- set scale = [known_a.scale if classes[0] != 'float' else 0, known_b.scale if classes[1] != 'float' else 0] | max -%}
  {%- elif classes | sort in [['date', 'timestamp'], ['timestamp', 'timestamp']] -%}
    {%- do ways.update({'a': casts.timestamp, 'b': casts.timestamp}) -%}
  {%- elif 'timestamptz' in classes and casts.utc.value and (classes | reject('in', ['date', 'timestamp', 'timestamptz']) | list | length == 0) -%}
    {%- do ways.update({
      'a': casts.utc if classes[0] == 'timestamptz' else casts.timestamp,
      'b': casts.utc if classes[1] == 'timestamptz' else casts.timestamp,
    }) -%}
    {%- do plan.update({'note': a ~ ' and ' ~ b ~ ' are compared in UTC'}) -%}
  {%- endif -%}
  {%- if ways.a is none and 'float' in classes and not casts.exact.value -%}
    {%- do plan.update({'undecided': true, 'note': a ~ ' and ' ~ b ~ ' cannot be compared without loss'}) -%}
  {%- endif -%}
  {%- if ways.a is none -%}
    {%- do ways.update({
      'a': {'value': casts.text.value.format(known_a.fact.text or '{}')}, 'b': {'value': casts.text.value.format(known_b.fact.text or '{}')},
      'hash': casts.text.hash,
    }) -%}
    {%- do plan.update({'textual': not plan.undecided}) -%}
    {%- do plan.update({'note': plan.note or (a ~ ' and ' ~ b ~ ' are compared as text')}) -%}
  {%- endif -%}
  {%- do plan.update({
    'a': ways.a.value.format('{0}', scale), 'b': ways.b.value.format('{0}', scale), 'hash': ways.hash or ways.a.hash or '{}',
  }) -%}
  {{ return(plan) }}
{% endmacro %}


{# A type's name without parameters (base), its facts, and how many digits a number
   may have before the point (whole) and after it (scale). #}
{% macro dot_type(facts, type) %}
  {%- set base = type | lower -%}
  {%- set arguments = [] -%}
  {%- if '(' in base and ')' in base -%}
    {%- set arguments = base[base.index('(') + 1:base.rindex(')')].split(',') -%}
    {%- set base = (base[:base.index('(')] ~ base[base.rindex(')') + 1:]) | trim -%}
  {%- endif -%}
  {%- if '<' in base -%}{%- set base = base[:base.index('<')] -%}{%- endif -%}
  {%- set found = namespace(fact=facts.types.get(base)) -%}
  {%- if found.fact is none -%}
    {%- set found.fact = facts.other -%}
    {%- set words = type | lower | replace('(', ' ') | replace(')', ' ') | replace('[', ' ') | replace(',', ' ') -%}
    {%- for word in facts.as_text or [] if word in words.split() -%}
      {%- set found.fact = {'class': 'other', 'value': facts.casts.text.value, 'hash': facts.casts.text.hash} -%}
    {%- endfor -%}
  {%- endif -%}
  {%- set fact = found.fact -%}
  {%- if arguments -%}{%- set fact = facts.types.get(base ~ '()', fact) -%}{%- endif -%}
  {%- set scale = arguments[1] | int if fact.class == 'decimal' and arguments | length == 2 else 0 -%}
  {%- set whole = arguments[0] | int - scale if fact.class == 'decimal' and arguments else (fact.digits or 0) -%}
  {{ return({'base': base, 'fact': fact, 'scale': scale, 'whole': whole}) }}
{% endmacro %}
