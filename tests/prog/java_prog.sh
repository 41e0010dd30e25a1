#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A Java program compiled and run: threads, files, garbage collection.
exec 2>&1
command -v java > /dev/null || exit 77
cat > Hello.java <<'EOF'
import java.nio.file.*; import java.util.*; import java.util.concurrent.*; import java.util.stream.*;
public class Hello { public static void main(String[] a) throws Exception {
  System.out.println("hello " + IntStream.range(0, 1000).sum());
  ExecutorService e = Executors.newFixedThreadPool(4); List<Future<Integer>> fs = new ArrayList<>();
  for (int i = 0; i < 8; i++) { final int n = i; fs.add(e.submit(() -> n * n)); } for (Future<Integer> f : fs) System.out.print(f.get() + " "); System.out.println(); e.shutdown();
  Files.write(Paths.get("jf"), "data".getBytes()); System.out.println(Files.size(Paths.get("jf")));
  for (int i = 0; i < 2000; i++) { byte[] b = new byte[100000]; b[0] = 1; } System.gc(); System.out.println("gc"); System.exit(3); } }
EOF
if command -v javac > /dev/null; then javac Hello.java && java Hello; else java Hello.java; fi; echo "status $?"
