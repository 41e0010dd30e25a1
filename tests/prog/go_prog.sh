#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A Go program: goroutines, channels, http on loopback, exec, file system.
exec 2>&1
command -v go > /dev/null || exit 77
export HOME=$PWD GOCACHE=$PWD/cache GOFLAGS=-mod=mod GO111MODULE=off GOPATH=$PWD/gp
cat > m.go <<'EOF'
package main
import ("fmt"; "io"; "net"; "net/http"; "os"; "os/exec"; "sync"; "time")
func main() {
	var wg sync.WaitGroup; ch := make(chan int, 10); sum := 0
	for i := 0; i < 100; i++ { wg.Add(1); go func(n int) { defer wg.Done(); ch <- n }(i) }
	go func() { wg.Wait(); close(ch) }(); for n := range ch { sum += n }; fmt.Println(sum)
	l, err := net.Listen("tcp", "127.0.0.1:0"); if err != nil { panic(err) }
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "path ", r.URL.Path) }))
	r, err := http.Get("http://" + l.Addr().String() + "/x"); if err != nil { panic(err) }; b, _ := io.ReadAll(r.Body); fmt.Println(string(b))
	out, err := exec.Command("echo", "child").Output(); fmt.Print(string(out), err, "\n")
	os.WriteFile("gf", []byte("data"), 0600); s, _ := os.Stat("gf"); fmt.Println(s.Size(), s.Mode())
	select { case <-time.After(20 * time.Millisecond): fmt.Println("timer") }
	os.Exit(3)
}
EOF
go build -o m m.go && ./m; echo "status $?"
