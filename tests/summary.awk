# Sums the results of single tests over logs of `ctest -V` and of pytest, and
# shows the last lines of each program that failed. Reads cmocka's groups,
# unittest's and "N passed, N failed" lines; a program that failed without
# saying which test (a crash, a leak, a timeout) counts as one failed test, and
# one that passed without counting as one passed test.
#   awk -f tests/summary.awk LOG...     last line: "PASSED FAILED SKIPPED"

function add(n_pass, n_fail, n_skip)
{
	passed[id] += n_pass
	failed[id] += n_fail
	skipped += n_skip
}

# The number that stands before word, 0 if there is none.
function before(word)
{
	if (!match($0, "[0-9]+ " word))
		return 0
	return substr($0, RSTART, RLENGTH) + 0
}

# The number that stands after word=.
function after(word)
{
	if (!match($0, word "=[0-9]+"))
		return 0
	return substr($0, RSTART + length(word) + 1, RLENGTH - length(word) - 1) + 0
}

function finish(key, name, good)
{
	if (good && passed[key] + failed[key] == 0)
		passed[key] = 1
	if (!good && failed[key] == 0)
		failed[key] = 1
	if (failed[key]) {
		print "---- " name
		for (i = n_lines[key] > 30 ? n_lines[key] - 30 : 0; i < n_lines[key]; i++)
			print "     " line[key, i]
	}
}

FNR == 1 { id = FILENAME ":" }

# " 3/20 Test  #3: base/rng_test .....   Passed    0.01 sec"
/^ *[0-9]+\/[0-9]+ +Test +#[0-9]+: / {
	match($0, /#[0-9]+/)
	key = FILENAME ":" substr($0, RSTART + 1, RLENGTH - 1)
	name = $0
	sub(/^[^:]*: /, "", name)
	sub(/ .*/, "", name)
	if ($0 ~ /\*\*\*Skipped/)
		skipped++
	else
		finish(key, name, $0 ~ /   Passed +[0-9.]+ sec/)
	next
}

# "3: output of test 3"
/^[0-9]+: / {
	id = FILENAME ":" ($1 + 0)
	sub(/^[0-9]+: /, "")
	if (/^(Test command|Working Directory|Environment variables|Test timeout)/ || /^ [A-Z_]+=/)
		next
}

{ line[id, n_lines[id]++] = $0 }

/\[  PASSED  \] .*[0-9]+ test\(s\)/ { add(before("test"), 0, 0) }
/\[  FAILED  \] .*[0-9]+ test\(s\)/ { add(0, before("test"), 0) }
/\[  SKIPPED \] .*[0-9]+ test\(s\)/ { add(0, 0, before("test")) }

/^Ran [0-9]+ tests? in / { n_ran = before("test") }
/^OK( |$)/ || /^FAILED \(/ {
	bad = after("failures") + after("errors")
	add(n_ran - bad - after("skipped"), bad, after("skipped"))
}

/^(=+ )?[0-9]+ (passed|failed|errors?|skipped)(, [0-9]+ [a-z]+)*( in [0-9.]+s.*)?( =+)?$/ {
	add(before("passed"), before("failed") + before("error"), before("skipped"))
}

END {
	for (key in passed)
		n_passed += passed[key]
	for (key in failed)
		n_failed += failed[key]
	print n_passed + 0, n_failed + 0, skipped + 0
}
