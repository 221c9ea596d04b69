#include <functional>
#include <thread>
#include <type_traits>
#include <vector>

#include <unitsphere/data/matrix.hpp>
#include <unitsphere/engine/executor.hpp>

#include "catch.hpp"
#include "executors.hpp"

namespace tests {

using unitsphere::sequential;
using unitsphere::engine::function_ref;
using unitsphere::engine::is_executor;
using unitsphere::engine::workers_of;

namespace {

struct says_workers {
    int count;
    int workers() const { return count; }
    void operator()(idx_t, function_ref) const {}
};

}  // namespace

TEST_CASE("sequential makes every call once, in order, on the caller's thread", "[executor]") {
    check_every_call_once(sequential());
    std::vector<idx_t> order;
    bool elsewhere = false;
    sequential()(17, [&, caller = std::this_thread::get_id()](idx_t i) {
        order.push_back(i);
        elsewhere = elsewhere || std::this_thread::get_id() != caller;
    });
    CHECK(!elsewhere);
    REQUIRE(order.size() == 17);
    for (idx_t i = 0; i < 17; ++i) CHECK(order[std::size_t(i)] == i);
    CHECK(sequential().workers() == 1);
}

TEST_CASE("an exception ends sequential calls at once", "[executor]") {
    check_exceptions(sequential());
    idx_t calls = 0;
    CHECK_THROWS_AS(sequential()(9,
                                 [&](idx_t i) {
                                     ++calls;
                                     if (i == 4) throw thrown_by{i};
                                 }),
                    thrown_by);
    CHECK(calls == 5);
}

TEST_CASE("a lambda that starts threads is an executor", "[executor]") {
    const int threads = GENERATE(range(1, 17));
    check_every_call_once(on_threads{threads});
    check_exceptions(on_threads{threads});
    check_nested(on_threads{threads}, on_threads{2});
}

TEST_CASE("an executor says how many calls run at the same time, else 16 may", "[executor]") {
    CHECK(workers_of(sequential()) == 1);
    CHECK(workers_of(on_threads{5}) == 5);
    CHECK(workers_of(in_reverse) == 16);
    CHECK(workers_of(with_function) == 16);
    CHECK(workers_of(says_workers{7}) == 7);
    CHECK(workers_of(says_workers{0}) == 1);
    CHECK(workers_of(says_workers{-3}) == 1);
}

TEST_CASE("an executor takes a count and a body and returns void", "[executor]") {
    const auto mutable_lambda = [calls = 0](idx_t, function_ref) mutable { static_cast<void>(++calls); };
    const auto returns = [](idx_t, function_ref) { return 0; };
    const auto other_body = [](idx_t, void (*)(idx_t)) {};
    const auto no_count = [](function_ref) {};
    STATIC_REQUIRE(is_executor<sequential>);
    STATIC_REQUIRE(is_executor<const sequential&>);
    STATIC_REQUIRE(is_executor<decltype(in_reverse)&>);
    STATIC_REQUIRE(is_executor<decltype(with_function)&>);
    STATIC_REQUIRE(is_executor<std::function<void(idx_t, std::function<void(idx_t)>)>>);
    STATIC_REQUIRE(is_executor<std::remove_const_t<decltype(mutable_lambda)>>);
    STATIC_REQUIRE(!is_executor<decltype(mutable_lambda)>);
    STATIC_REQUIRE(!is_executor<decltype(returns)>);
    STATIC_REQUIRE(!is_executor<decltype(other_body)>);
    STATIC_REQUIRE(!is_executor<decltype(no_count)>);
    STATIC_REQUIRE(!is_executor<int>);
    STATIC_REQUIRE(!is_executor<unitsphere::matrix<float>&>);
    STATIC_REQUIRE(!is_executor<unitsphere::matrix_view<float>>);
    STATIC_REQUIRE(!is_executor<function_ref>);
}

TEST_CASE("a function_ref calls the body that it was made of, and becomes a std::function", "[executor]") {
    idx_t sum = 0;
    auto body = [&sum, calls = 0](idx_t i) mutable { sum += i * ++calls; };
    function_ref reference(body);
    const function_ref copy(reference);
    reference(10);
    copy(10);  // the same body, its second call
    CHECK(sum == 30);
    const auto constant = [&sum](idx_t i) { sum -= i; };
    reference = function_ref(constant);
    copy(10);
    CHECK(sum == 60);
    with_function(5, reference);
    CHECK(sum == 50);
}

}  // namespace tests
